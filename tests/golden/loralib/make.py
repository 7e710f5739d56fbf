#!/usr/bin/env python3
"""make.py: adapter.bin, the adapter of ../encoders/roberta (random values, written by PEFT) in the form of the files
that the authors of LoRA released: torch.save of an OrderedDict with loralib's names.

    python3 tests/golden/loralib/make.py

Written with torch 2.15, safetensors."""
import collections, os, re, torch, safetensors.torch as st

here = os.path.dirname(os.path.abspath(__file__))
tensors = st.load_file(here + "/../encoders/roberta/adapter/adapter_model.safetensors")
name = lambda k: re.sub(r"(lora_[AB])\.weight$", r"\1", k.replace("base_model.model.", "", 1))
torch.save(collections.OrderedDict((name(k), v.clone()) for k, v in tensors.items()), here + "/adapter.bin")
