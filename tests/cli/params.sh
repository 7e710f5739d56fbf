#!/bin/sh
# Counting from shapes alone: words and flags, JSON, budgets, the counts of the paper, memory, and
# refusals.
set -u
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
L=${LOWRANK:?}
export LOWRANK_HOME="$T/home"
die() { echo "$*"; exit 1; }
# json EXPRESSION ARGS... - the Python expression about the printed object j must be true
json() {
    e=$1
    shift
    "$L" params "$@" --format json >"$T/out" 2>"$T/err" || die "params $*: $(cat "$T/err")"
    [ ! -s "$T/err" ] || die "params $* says: $(cat "$T/err")"
    python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
paper = {r["table"] + " " + r["row"]: r for r in j["paper"]}
mem = {r["memory, GB"]: r for r in j["memory"]}
assert eval(sys.argv[2]), j' "$T/out" "$e" 2>"$T/err" ||
    die "params $*: not $e: $(tail -n 1 "$T/err")"
}
json 'j["trained"] == j["counted"] == j["by_formula"] == 37748736' \
    --model gpt3-175b --method lora --rank 8 --targets q,v
json 'j["trained"] == 37748736 and j["settings"]["rank"] == 8' \
    gpt3-175b rank=8 method=lora targets=q,v
json 'j["trained"] == 18874368 and j["model"] is None and j["paper"] == []' \
    --d-model 12288 --layers 96 --rank 4
json 'j["trained"] == 12988416' gpt3-175b method=bitfit
json 'j["trained"] == 102144 and len(j["heads"]) > 3' \
    --model roberta-base --method bitfit --pooling mean
json 'j["trained"] == j["base"] == 354823168 and j["heads"] == []' gpt2-medium --method ft
# Formula and printed count, where they differ and where they agree.
json 'paper["T3 GPT2M LoRA"]["printed_M"] == 0.35' gpt2-medium rank=4
json 'paper["T3 GPT2M LoRA"]["agrees"].startswith("no: ")' gpt2-medium rank=4
json 'paper["T15 GPT3 LoRA rq=rv=4"]["agrees"] == "yes, cut off" and len(paper) == 1' \
    gpt3-175b rank=4 targets=v,q
json 'paper["T2 DeBXXL LoRA"]["agrees"] == "yes"' deberta-xxl rank=16
json 'j["counted"] == 4718592 and j["base"] == 1566910464' deberta-xxl rank=16
json 'paper["T2 DeBXXL LoRA"]["agrees"].startswith("no")' deberta-xxl rank=8
# A folder has the shapes of its files (2 blocks, d 8, MLP 16, 12 words, 16 positions, 2 segments,
# a pooler).
. "$(dirname "$0")/tiny_model.inc"
tiny_model "$T/model"
n='(12 + 16 + 2 + 2) * 8 + 2 * (4 * 72 + 2 * 128 + 16 + 8 + 32) + 72'
json 'j["base"] == j["trained"] == '"$n" \
    "$T/model" method=ft pooling=cls
# Budgets.
json 'j["budget"]["rank"] == 3 and j["trained"] == 14155776' gpt3-175b --budget 18M --targets q,v
json 'j["budget"]["trained_above"] == 18874368' gpt3-175b --budget 18M --targets q,v
json 'j["budget"]["rank"] == 4 and j["budget"]["exact"] and j["trained"] == 18874368' \
    gpt3-175b --budget 18874368
"$L" params gpt3-175b --budget 18M --wide | grep -q 'rank 4 .*nearest above; cut off, as the paper does' ||
    die "no word on 18M"
"$L" params minilm --budget 900M --wide |
    grep -q 'budget, rank 384 .*the largest that the model allows' ||
    die "no word on 900M"
json 'j["trained"] == 73728 and j["shape"]["layers"] == 6 and j["model"] == "minilm@r64"' minilm@r64
shape='arch="bert", layers=12, d_model=64, d_ffn=256, vocab=30522, positions=512'
json "j['shape'] == dict($shape)" --d-model 64
# Memory, beside what the paper says about it. Nothing of that size is allocated.
json 'abs(mem["weights"]["lora"] - 349.21) < 0.01' gpt3-175b rank=4
json '"350 GB" in mem["a checkpoint"]["the paper says"]' gpt3-175b rank=4
json 'abs(mem["a checkpoint"]["lora"] - 2e-9 * j["trained"]) < 1e-5' gpt3-175b rank=4
json 'mem["here: activations"]["lora"] < mem["here: activations"]["full fine-tuning"]' gpt2-large
if ! grep -q __asan_init "$L"; then # its shadow memory is larger than any limit
    (ulimit -v 4000000; "$L" params gpt3-175b method=ft >"$T/out") ||
        die "175 billion are allocated"
fi
"$L" params gpt2-medium --memory --format csv | grep -q '^weights,.*,0.70965,0.70965,' ||
    die "--memory: $("$L" params gpt2-medium --memory -f csv)"
"$L" params gpt2-medium --format csv | grep -q memory && die "two tables in one CSV"
# All counts of the paper.
"$L" params --paper --format csv >"$T/out" || die "--paper"
[ "$(wc -l <"$T/out")" -gt 80 ] || die "--paper: $(wc -l <"$T/out") lines"
grep -q '^T3 GPT2M FT,354.92,gpt2-medium,method=ft,354823168,no: ' "$T/out" ||
    die "--paper: $(grep 'GPT2M FT,' "$T/out")"
"$L" params --help | tr -s '\n ' ' ' | grep -q -- '--rank TEXT [^-]*(with lora' ||
    die "--help has no --rank"

# refuse TEXT ARGS... - exit status 2, and one line on standard error with TEXT
refuse() {
    want=$1
    shift
    "$L" params "$@" >"$T/out" 2>"$T/err"
    rc=$?
    [ $rc = 2 ] && [ ! -s "$T/out" ] && grep -q -- "$want" "$T/err" &&
        [ "$(wc -l <"$T/err")" = 1 ] ||
        die "params $*: exit $rc: $(cat "$T/out" "$T/err")"
}
refuse "did you mean 'gpt3-175b'" gpt3-176b
refuse "it must be one of tiny, minilm" --model nothing-like-it
refuse "did you mean 'lora'" tiny --method lroa
refuse "both say which model" tiny --model minilm
refuse "'--layers 64' needs --d-model; 'minilm' has a shape" minilm --layers 64
refuse "'--vocab 99' needs" --model tiny --vocab 99
refuse "'rank' is given twice: '4' and '8'" tiny rank=4 rank=8
refuse "'rank' is given twice: '4' and '8'" tiny --rank 4 rank=8
refuse "a rank of at most 384" minilm@r385
refuse "NAME@rRANK" minilm@rx
refuse "it must be one of tiny, minilm, bert-base, roberta-base" nothing-like-it@r8
refuse "'tinit' is 0.9 and 'tfinal' is 0.1.*below 1" tiny method=adalora tinit=0.9 tfinal=0.1
refuse "both say which model" --model tiny --d-model 64
refuse "'rank' is not a key of the method 'ft'" tiny --method ft --rank 8
refuse "'rank' must be a whole number" tiny --rank 8.5
refuse "rank 1 trains 256" tiny --budget 255 --targets q
refuse "both set the size" tiny --budget 10k --rank 4
refuse "'budget' must be a number" tiny --budget lots
refuse "does not have" tiny --method ft --budget 10k
refuse "'rank' is 2000" deberta-xxl --rank 2000
refuse "has 512 positions" tiny --seqlen 513
refuse "method .head. trains a classifier, which gpt2 models do not have" gpt2-small --method head
refuse "takes neither a model" tiny --paper
refuse "did you mean '--rank'" tiny --rnak 4
exit 0
