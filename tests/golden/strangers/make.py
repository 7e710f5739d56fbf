#!/usr/bin/env python3
"""make.py OUT [--seed S]: small folders as transformers and PEFT write them, and what these compute
from text.

  encoder          BertModel, with the files of sentence-transformers (mean pooling)
  classifier       BertForSequenceClassification, three named labels
  regression       BertForSequenceClassification, one label
  pretraining      BertForPreTraining
  lora rslora dora score    SEQ_CLS adapters of encoder: 3, 3, 3 labels and 1 label
  features         FEATURE_EXTRACTION adapter of encoder
  own              adapter of classifier without modules_to_save
  expected.json    [{model, adapter, what: logit | embedding | hidden, text, pair, values}]

Values are computed in float32. Needs torch, transformers, peft."""
import argparse
import json
import os

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (BertConfig, BertForPreTraining, BertForSequenceClassification, BertModel,
                          BertTokenizer)

args = argparse.ArgumentParser()
args.add_argument("out")
args.add_argument("--seed", type=int, default=1)
args = args.parse_args()
torch.manual_seed(args.seed)
WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] the a good bad cat dog sat on mat it is not very ##s ##ly "
         ". , ? !").split()
TEXTS = [("the good cat", None), ("a very bad dog sat on the mat .", None), ("", None),
         ("Cats , dogs ?", None), ("the cat sat", "it is not bad !")]
expected = []


def path(name):
    return os.path.join(args.out, name)


def config(**more):
    return BertConfig(vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=2,
                      num_attention_heads=2, intermediate_size=12, max_position_embeddings=24,
                      initializer_range=0.4, pad_token_id=0, **more)


def shake(model):
    """Biases, norms and B of LoRA away from their defaults; with an adapter only what it trains."""
    adapted = any("lora_" in name for name, _ in model.named_parameters())
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.requires_grad if adapted else p.dim() == 1:
                p.add_(torch.randn_like(p) * 0.3)
    return model.eval()


def write_tokenizer(name):
    with open(path(name + "/vocab.txt"), "w") as f:
        f.write("\n".join(WORDS) + "\n")
    with open(path(name + "/tokenizer_config.json"), "w") as f:
        json.dump({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}, f)


def save(model, name):
    model.save_pretrained(path(name))
    write_tokenizer(name)
    return model


def expect(net, model, adapter, what):
    tok = BertTokenizer.from_pretrained(path(model))
    for text, pair in TEXTS:
        x = tok(text, pair, return_tensors="pt")
        with torch.no_grad():
            o = net(**x)
        if what == "logit":
            v = o.logits[0]
        elif what == "hidden":
            v = o.last_hidden_state[0].flatten()
        else:
            v = torch.nn.functional.normalize(o.last_hidden_state[0].mean(0), dim=0)
        expected.append({"model": model, "adapter": adapter, "what": what, "text": text,
                         "pair": pair, "values": [round(t, 7) for t in v.tolist()]})


def adapt(net, name, model, what, **more):
    net = shake(get_peft_model(net, LoraConfig(r=2, lora_alpha=6, target_modules=["query", "value"],
                                               **more)))
    net.save_pretrained(path(name))
    if os.path.exists(path(name + "/README.md")):
        os.remove(path(name + "/README.md"))
    expect(net, model, name, what)


os.makedirs(args.out, exist_ok=True)
encoder = save(shake(BertModel(config())), "encoder")
os.makedirs(path("encoder/1_Pooling"), exist_ok=True)
with open(path("encoder/1_Pooling/config.json"), "w") as f:
    json.dump({"word_embedding_dimension": 8, "pooling_mode_cls_token": False,
               "pooling_mode_mean_tokens": True}, f)
expect(encoder, "encoder", None, "embedding")
expect(encoder, "encoder", None, "hidden")
names = ["anger", "joy", "fear"]
labels = {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}
classifier = save(shake(BertForSequenceClassification(config(**labels))), "classifier")
expect(classifier, "classifier", None, "logit")
expect(save(shake(BertForSequenceClassification(config(num_labels=1))), "regression"), "regression",
       None, "logit")
pretraining = save(shake(BertForPreTraining(config())), "pretraining")
expect(pretraining.bert, "pretraining", None, "hidden")


def fresh(n):
    return BertForSequenceClassification.from_pretrained(path("encoder"), num_labels=n)


adapt(fresh(3), "lora", "encoder", "logit", task_type=TaskType.SEQ_CLS)
adapt(fresh(3), "rslora", "encoder", "logit", task_type=TaskType.SEQ_CLS, use_rslora=True)
adapt(fresh(3), "dora", "encoder", "logit", task_type=TaskType.SEQ_CLS, use_dora=True)
adapt(fresh(1), "score", "encoder", "logit", task_type=TaskType.SEQ_CLS)
adapt(BertModel.from_pretrained(path("encoder")), "features", "encoder", "embedding",
      task_type=TaskType.FEATURE_EXTRACTION)
adapt(BertForSequenceClassification.from_pretrained(path("classifier")), "own", "classifier",
      "logit")
with open(path("expected.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(e) for e in expected) + "\n]\n")
