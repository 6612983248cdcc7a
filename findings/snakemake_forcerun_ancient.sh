#!/usr/bin/env bash
# Snakemake 9.27.0, seen on 2026-11-28: `--forcerun A B C` where B and C have A as an `ancient()` input.
# A is made again, B and C are not, though they were named: exit status 0 and no word of it. Without A in the list, or
# without `ancient()`, every named file is made again.
# Remedy: move outdated outputs away before the run, so that they are missing; nothing then depends on the option.
#
#   bash findings/snakemake_forcerun_ancient.sh      # exit status 0 while it is as described; needs python3 and a network
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "snakemake==9.27.0"
echo "snakemake $(venv/bin/snakemake --version)"

rules() {
    cat > Snakefile <<RULES
rule all:
    input:
        expand("part_{name}.txt", name=["a", "b", "c"]),


rule part:
    input:
        $1(lambda wildcards: [] if wildcards.name == "a" else ["part_a.txt"]),
    output:
        "part_{name}.txt",
    shell:
        "echo {wildcards.name} > {output}"
RULES
    rm -rf .snakemake part_*.txt
    venv/bin/snakemake --cores 1 --quiet all > log.txt 2>&1
}

made() {
    rm -f part_*.new
    touch -d "2026-01-01" part_*.txt
    status=0
    venv/bin/snakemake --cores 1 --rerun-triggers mtime --forcerun "$@" -- all > log.txt 2>&1 || status=$?
    again=$(find . -maxdepth 1 -name 'part_*.txt' -newermt "2026-02-01" -printf '%f\n' | sort | xargs)
    echo "exit status $status, made again: ${again:-none}"
}

rules ancient
echo "ancient, --forcerun a b c:" && made part_a.txt part_b.txt part_c.txt | tee seen_1
echo "ancient, --forcerun b c:  " && made part_b.txt part_c.txt | tee seen_2
rules ""
echo "plain, --forcerun a b c:  " && made part_a.txt part_b.txt part_c.txt | tee seen_3

grep -q "exit status 0, made again: part_a.txt$" seen_1
grep -q "exit status 0, made again: part_b.txt part_c.txt$" seen_2
grep -q "exit status 0, made again: part_a.txt part_b.txt part_c.txt$" seen_3
echo "as described"
