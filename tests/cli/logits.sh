#!/bin/sh
# 'lowrank logits' and 'lowrank merge' on a tiny model that is made here.
set -u
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
L=${LOWRANK:?}
no() {
    echo "$*"
    bad=1
}
. tests/cli/tiny_model.inc
export LC_ALL=C LOWRANK_HOME="$tmp/home"
tiny_model "$tmp/bare"
tiny_model "$tmp/classifier" 3
tiny_adapter "$tmp/adapter"
text='low rank\nhello worlds, hello\n\nrank\tlow\n'

# Embeddings: one output line for each input line, of length 1 with mean pooling, in all formats.
printf "$text" | "$L" logits "$tmp/bare" --pooling mean --format csv >"$tmp/mean" 2>"$tmp/err" ||
    no "embeddings: exit $?: $(cat "$tmp/err")"
[ "$(wc -l <"$tmp/mean")" = 5 ] || no "embeddings of 4 lines: $(wc -l <"$tmp/mean") lines of CSV"
awk -F, 'NR > 1 { s = 0; for (i = 2; i <= NF; i++) s += $i * $i;
    if (s < 0.9999 || s > 1.0001 || NF != 9) exit 1 }' \
    "$tmp/mean" || no "an embedding is not of length 1: $(cat "$tmp/mean")"
printf "$text" | "$L" logits "$tmp/bare" --format json | grep -c '"embedding": \[' | grep -qx 4 ||
    no "JSON embeddings"
printf 'low\n' | "$L" logits "$tmp/bare" --hidden --format csv | wc -l | grep -qx 4 ||
    no "--hidden: not 3 tokens"
printf 'low\trank\n' | "$L" logits "$tmp/bare" --hidden --pair --format csv | wc -l | grep -qx 6 ||
    no "--pair: not 5 tokens"
# More output than a pipe holds, for a reader that takes one line.
for c in tokenize logits; do
    {
        yes low | head -n 20000 | "$L" $c "$tmp/bare" 2>"$tmp/err"
        echo $? >"$tmp/rc"
    } | head -n 1 >"$tmp/out"
    [ -s "$tmp/out" ] && [ ! -s "$tmp/err" ] && [ "$(cat "$tmp/rc")" = 0 ] ||
        no "$c | head -n 1: $(cat "$tmp/err")"
done
yes low | head -n 40 | tr '\n' ' ' | "$L" logits "$tmp/bare" 2>&1 >/dev/null | grep -q 'were truncated' ||
    no "truncation of a long line is not reported"
"$L" logits "$tmp/bare" </dev/null >"$tmp/out" && [ ! -s "$tmp/out" ] || no "no input, but output"

# An embedding is truncated to the length that the folder gives, as in sentence-transformers.
cp -r "$tmp/bare" "$tmp/short"
echo '{"max_seq_length": 4, "do_lower_case": false}' >"$tmp/short/sentence_bert_config.json"
echo 'low low low low low' | "$L" logits "$tmp/short" >"$tmp/cut" 2>"$tmp/err"
grep -q '3 tokens beyond the maximum length of 4' "$tmp/err" || no "length: $(cat "$tmp/err")"
echo 'low low' | "$L" logits "$tmp/bare" | cmp -s - "$tmp/cut" || no "length: another embedding"
echo '{"max_seq_length": "4"}' >"$tmp/short/sentence_bert_config.json"
echo low | "$L" logits "$tmp/short" >/dev/null 2>"$tmp/err"
[ $? = 3 ] && grep -q 'max_seq_length must be' "$tmp/err" || no "length: $(cat "$tmp/err")"

# do_lower_case changes the text before it is tokenized, which only an uncased tokenizer does itself.
echo '{"do_lower_case": true}' >"$tmp/short/sentence_bert_config.json"
echo '{"do_lower_case": false}' >"$tmp/short/tokenizer_config.json"
echo low | "$L" logits "$tmp/short" >/dev/null 2>"$tmp/err"
[ $? = 3 ] && grep -q "sentence_bert_config.json': do_lower_case is true" "$tmp/err" ||
    no "do_lower_case of a cased tokenizer: $(cat "$tmp/err")"
echo '{"do_lower_case": true}' >"$tmp/short/tokenizer_config.json"
echo low | "$L" logits "$tmp/short" >/dev/null 2>"$tmp/err" || no "do_lower_case: $(cat "$tmp/err")"

# The checkpoint's own classifier; an adapter's.
printf "$text" | "$L" logits "$tmp/classifier" --format csv | head -n 1 |
    grep -qx 'line,label,logit_0,logit_1,logit_2' || no "own classifier: header"
printf "$text" | "$L" logits "$tmp/bare" --adapter "$tmp/adapter" --format csv \
    >"$tmp/adapted" 2>"$tmp/err" || no "adapter: $(cat "$tmp/err")"
[ "$(wc -l <"$tmp/adapted")" = 5 ] || no "adapter: lines"

# The merged model computes the same without the adapter; the base model is never written.
before=$(cksum "$tmp"/bare/*)
"$L" merge "$tmp/bare" "$tmp/adapter" "$tmp/merged" >"$tmp/out" 2>"$tmp/err" ||
    no "merge: exit $?: $(cat "$tmp/out" "$tmp/err")"
printf "$text" | "$L" logits "$tmp/merged" --format csv >"$tmp/merged.csv" 2>"$tmp/err" ||
    no "merged: $(cat "$tmp/err")"
paste -d, "$tmp/adapted" "$tmp/merged.csv" |
    awk -F, 'NR > 1 { for (i = 2; i <= 5; i++) { d = $i - $(i + 5);
    if (d > 1e-5 || d < -1e-5) exit 1 } }' || no "merged logits differ"
"$L" merge "$tmp/bare" "$tmp/adapter" "$tmp/merged" >/dev/null 2>&1 &&
    no "a model was overwritten without --force"
"$L" merge "$tmp/bare" "$tmp/adapter" "$tmp/merged" --force >/dev/null 2>&1 || no "--force: exit $?"
"$L" merge "$tmp/bare" "$tmp/adapter" "$tmp/../${tmp##*/}/bare" --force >/dev/null 2>"$tmp/err"
[ $? = 2 ] && grep -q 'own folder' "$tmp/err" ||
    no "merge into the model's own folder: $(cat "$tmp/err")"
[ "$(cksum "$tmp"/bare/*)" = "$before" ] || no "the base model was changed"

# An adapter with a NaN, a wrong shape, or nothing in it is refused, and nothing is written.
cp -r "$tmp/adapter" "$tmp/nan"
size=$(wc -c <"$tmp/nan/adapter_model.safetensors")
printf '\000\000\300\177' | dd of="$tmp/nan/adapter_model.safetensors" bs=1 seek=$((size - 4)) \
    conv=notrunc 2>/dev/null
for c in "merge $tmp/bare $tmp/nan $tmp/bad" "logits $tmp/bare --adapter $tmp/nan" \
    "logits $tmp/bare --adapter $tmp" "logits $tmp/nowhere" \
    "merge $tmp/bare $tmp/nothing $tmp/bad"; do
    echo low | "$L" $c >"$tmp/out" 2>"$tmp/err"
    rc=$?
    [ $rc = 3 ] && [ ! -s "$tmp/out" ] || no "lowrank $c: exit $rc, not 3: $(cat "$tmp/err")"
done
[ ! -e "$tmp/bad" ] || no "a refused adapter left '$tmp/bad'"
exit $bad
