"""The generated SimSUM-like records: the network, the notes written from it, and what a note can tell at best."""
