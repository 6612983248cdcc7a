#!/usr/bin/env bash
# Snakemake 9.27.0, seen on 2026-11-27: `--until RULE` where one job of RULE needs the output of another job of RULE.
# The first job runs, the second never starts; Snakemake ends with exit status 1 and
# "BUG: Out of jobs ready to be started, but not all files built yet." Without --until both jobs run.
# Remedy: name the wanted files as targets in place of --until.
#
#   bash findings/snakemake_until_same_rule.sh      # exit status 0 while it is as described; needs python3 and a network
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "snakemake==9.27.0"
echo "snakemake $(venv/bin/snakemake --version)"

cat > Snakefile <<'RULES'
rule all:
    input:
        "step_2.txt",


rule step:
    output:
        "step_{number}.txt",
    input:
        lambda wildcards: [] if wildcards.number == "1" else f"step_{int(wildcards.number) - 1}.txt",
    shell:
        "echo {wildcards.number} > {output}"
RULES

run() {
    rm -rf .snakemake step_*.txt
    status=0
    venv/bin/snakemake --cores 1 "$@" > log.txt 2>&1 || status=$?
    made=$(find . -maxdepth 1 -name 'step_*.txt' -printf '%f ' | tr ' ' '\n' | sort | xargs)
    echo "snakemake --cores 1 $*: exit status $status, made: $made"
    grep "BUG:" log.txt || true
}

fail() {
    echo "The behaviour has changed: $1"
    cat log.txt
    exit 1
}

run
[[ $status == 0 && $made == "step_1.txt step_2.txt" ]] || fail "without --until both files were made."
run step_2.txt
[[ $status == 0 && $made == "step_1.txt step_2.txt" ]] || fail "with the file as the target both were made."
run --until step
[[ $status == 1 && $made == "step_1.txt" ]] || fail "with --until the second job did not start."
grep -q "BUG: Out of jobs ready to be started" log.txt || fail "the message was another."
echo "As described: with --until the second job of the rule is never started."
