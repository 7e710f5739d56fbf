#!/bin/sh
# What an adapter's folder and a merged folder say about themselves: pooling, scale, labels, problem.
# Names of tests: by key, by folder and merged, everything gives the same numbers.
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
mkdir -p "$tmp/data/toy"
awk 'BEGIN { for (i = 0; i < 24; i++) print (i % 2 ? "low rank hello" : "world , rank world") \
    "\t" (i % 3 ? "hello" : "low") "\t" (i % 2 ? "good" : "bad") "\t" (i % 5) }' \
    >"$tmp/data/toy/train.tsv"
head -n 8 "$tmp/data/toy/train.tsv" >"$tmp/data/toy/dev.tsv"
for t in single pair score; do
    {
        echo "task: $t"
        echo "dir: toy"
        echo "format: tsv"
        echo "header: false"
        echo "splits: {train: train.tsv, dev: dev.tsv}"
        echo "max_len: 12"
        case $t in
            single) printf 'kind: classification\ncolumns: {text: "1", label: "3"}\n' ;;
            pair) printf 'kind: classification\ncolumns: {text: "1", pair: "2", label: "3"}\n' ;;
            score) printf 'kind: regression\ncolumns: {text: "1", label: "4"}\nrange: [0, 4]\n' ;;
        esac
        case $t in
            score) echo "metrics: [pearson]" ;;
            *) printf 'labels: [bad, good]\nmetrics: [accuracy]\n' ;;
        esac
    } >"$tmp/$t.yaml"
done
# near NAME A B - the logits in two files of CSV are the same but for rounding
near() {
    paste -d, "$2" "$3" | awk -F, 'NR > 1 { n++; for (i = 2; i <= NF / 2; i++) {
        d = $i - $(i + NF / 2); if (d > 1e-5 || d < -1e-5) exit 1 } } END { if (!n) exit 1 }' ||
        no "$1: logits differ: $(tail -n 1 "$2") and $(tail -n 1 "$3")"
}
logits() {
    printf 'low rank hello\thello\nworld\trank , low\n' | "$L" logits "$@" --format csv 2>>"$tmp/err"
}
train() {
    "$L" run model="$1" task="$tmp/$2.yaml" --data "$tmp/data" epochs=4 batch=8 lr=2e-2 -q \
        "$3" "$4" "$5" >"$tmp/out" 2>&1 || no "run $*: exit $?: $(cat "$tmp/out")"
    key=$(ls -t "$tmp/home/adapters" | head -n 1)
    folder=$tmp/home/adapters/$key/last
}

tiny_model "$tmp/base" 2
sed 's/}$/,"id2label":{"0":"entailment","1":"neutral"},"label2id":{"entailment":0,"neutral":1},'\
'"problem_type":"multi_label_classification","torch_dtype":"float16"}/' "$tmp/base/config.json" \
    >"$tmp/config" && mv "$tmp/config" "$tmp/base/config.json"
for method in lora dora bitfit ft; do
    for pooling in cls mean; do
        for task in single pair score; do
            rm -rf "$tmp/home/adapters" "$tmp/m"
            what="$method $pooling $task"
            flag=
            [ $task = pair ] && flag=--pair
            train "$tmp/base" $task method=$method pooling=$pooling pool_scale=4
            logits "$tmp/base" --adapter "$key" $flag >"$tmp/by_key"
            logits "$tmp/base" --adapter "$folder" $flag >"$tmp/by_folder"
            near "$what: key and folder" "$tmp/by_key" "$tmp/by_folder"
            # the same folder anywhere else, without the run that wrote it
            cp -r "$folder" "$tmp/moved"
            logits "$tmp/base" --adapter "$tmp/moved" $flag >"$tmp/by_folder"
            near "$what: key and copy" "$tmp/by_key" "$tmp/by_folder"
            case $method in bitfit) rm -r "$tmp/moved"; continue ;; esac
            "$L" merge "$tmp/base" "$tmp/moved" "$tmp/m" >"$tmp/out" 2>"$tmp/warned" ||
                no "$what: merge: exit $?: $(cat "$tmp/out" "$tmp/warned")"
            logits "$tmp/m" $flag >"$tmp/merged"
            near "$what: key and merged" "$tmp/by_key" "$tmp/merged"
            grep -q 'entailment\|float16\|multi_label' "$tmp/m/config.json" &&
                no "$what: the base model's task: $(cat "$tmp/m/config.json")"
            case $task in
                score) want='"problem_type": "regression"' ;;
                *) want='"1": "good"' ;;
            esac
            grep -q "$want" "$tmp/m/config.json" || no "$what: no $want"
            n=$(grep -c '^warning: .*BertForSequenceClassification' "$tmp/warned")
            [ $pooling = mean ] || n=$((n + 1))
            [ "$n" = 1 ] || no "$what: warnings: $(cat "$tmp/warned")"
            rm -r "$tmp/moved"
        done
    done
done

# A folder from before there were records: its run knows the pooling and the scale.
rm -rf "$tmp/home/adapters"
train "$tmp/base" single method=lora pooling=mean pool_scale=1
logits "$tmp/base" --adapter "$key" >"$tmp/by_key"
rm "$folder/lowrank_adapter.json"
for a in "$key" "$folder"; do
    logits "$tmp/base" --adapter "$a" >"$tmp/old"
    near "folder without a record, $a" "$tmp/by_key" "$tmp/old"
done

# PEFT's classifiers read the first token, whatever a folder of sentence-transformers pools.
tiny_model "$tmp/bare"
tiny_adapter "$tmp/peft"
logits "$tmp/bare" --adapter "$tmp/peft" >"$tmp/cls"
mkdir "$tmp/bare/1_Pooling"
echo '{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}' \
    >"$tmp/bare/1_Pooling/config.json"
logits "$tmp/bare" --adapter "$tmp/peft" >"$tmp/st"
near "PEFT's classifier on a folder of sentence-transformers" "$tmp/cls" "$tmp/st"
logits "$tmp/bare" --adapter "$tmp/peft" --pooling mean >"$tmp/st"
cmp -s "$tmp/cls" "$tmp/st" && no "--pooling mean has no effect"

# One type of tokens: no pairs, but texts and merging.
sed 's/"type_vocab_size":2/"type_vocab_size":1/' tests/cli/tiny_model.inc |
    sed 's/token_type_embeddings.weight 2/token_type_embeddings.weight 1/' >"$tmp/one_type.inc"
(. "$tmp/one_type.inc" && tiny_model "$tmp/one")
for c in "logits $tmp/one --pair" "run model=$tmp/one task=$tmp/pair.yaml --data $tmp/data -q"; do
    printf 'low\trank\n' | "$L" $c >"$tmp/out" 2>"$tmp/e"
    rc=$?
    [ $rc = 3 ] && [ "$(wc -l <"$tmp/e")" = 1 ] && grep -q 'type_vocab_size is 1' "$tmp/e" ||
        no "$c: exit $rc: $(cat "$tmp/e")"
done
"$L" merge "$tmp/one" "$tmp/peft" "$tmp/one_merged" >"$tmp/out" 2>&1 ||
    no "merge with one type: exit $?: $(cat "$tmp/out")"

# Another head than one for texts; an encoder below a head that is not needed.
tiny_model "$tmp/tagger" 2
sed 's/{/{"architectures":["BertForTokenClassification"],/' "$tmp/base/config.json" |
    sed 's/{"entailment"/{"e"/' >"$tmp/tagger/config.json"
echo low | "$L" logits "$tmp/tagger" >"$tmp/out" 2>"$tmp/e"
rc=$?
[ $rc = 3 ] && [ ! -s "$tmp/out" ] && grep -q "'BertForTokenClassification'" "$tmp/e" ||
    no "token classifier: exit $rc: $(cat "$tmp/out" "$tmp/e")"
sed 's/TokenClassification/PreTraining/' "$tmp/tagger/config.json" >"$tmp/c"
mv "$tmp/c" "$tmp/tagger/config.json"
echo low | "$L" logits "$tmp/tagger" -v --format csv 2>"$tmp/e" | head -n 1 |
    grep -q '^line,embedding_0' || no "pretrained encoder: no embedding"
grep -q 'head of BertForPreTraining is ignored' "$tmp/e" || no "-v: $(cat "$tmp/e")"

# Nothing of what was in the folder before changes the merged model.
echo '{"hello": 3}' >"$tmp/one_merged/added_tokens.json"
"$L" merge "$tmp/one" "$tmp/peft" "$tmp/one_merged" --force >"$tmp/out" 2>&1 ||
    no "merge again: exit $?: $(cat "$tmp/out")"
[ ! -e "$tmp/one_merged/added_tokens.json" ] || no "a file of another tokenizer stayed"
"$L" merge "$tmp/one" "$tmp/peft" "$tmp/peft" --force >"$tmp/out" 2>"$tmp/e"
rc=$?
[ $rc = 2 ] && grep -q "adapter's folder" "$tmp/e" ||
    no "merge into the adapter's folder: exit $rc: $(cat "$tmp/e")"

# Adapters without a classifier.
sed 's/,"modules_to_save":\["classifier"\]//' tests/cli/tiny_model.inc |
    sed '/base_model.model.classifier/d' >"$tmp/no_head.inc"
(. "$tmp/no_head.inc" && tiny_adapter "$tmp/own")
cp -r "$tmp/own" "$tmp/features"
sed 's/SEQ_CLS/FEATURE_EXTRACTION/' "$tmp/own/adapter_config.json" \
    >"$tmp/features/adapter_config.json"
tiny_model "$tmp/classifier" 3
for a in own features; do
    what=logit_0
    [ $a = own ] || what=embedding_0
    logits "$tmp/classifier" --adapter "$tmp/$a" >"$tmp/adapted"
    head -n 1 "$tmp/adapted" | grep -q "$what" || no "$a: $(head -n 1 "$tmp/adapted")"
    logits "$tmp/classifier" >"$tmp/plain"
    cmp -s "$tmp/adapted" "$tmp/plain" && no "$a: no update"
    "$L" merge "$tmp/classifier" "$tmp/$a" "$tmp/merged_$a" >"$tmp/out" 2>&1 ||
        no "$a: merge: exit $?: $(cat "$tmp/out")"
    logits "$tmp/merged_$a" >"$tmp/merged"
    near "$a: merged" "$tmp/adapted" "$tmp/merged"
done
grep -q '"BertModel"' "$tmp/merged_features/config.json" || no "features: class"
exit $bad
