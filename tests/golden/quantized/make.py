"""make.py - what bitsandbytes and gguf-py make of a matrix in blocks, for tests/nn/test_quantized.c.

Made with bitsandbytes 0.50.2 (its CPU code), gguf 0.19.0, torch 2.15.0, numpy 2; run it again as
  python3 tests/golden/quantized/make.py tests/golden/quantized/values.safetensors"""
import sys

import numpy as np
import torch
from bitsandbytes.functional import create_dynamic_map, dequantize_4bit, quantize_4bit
from gguf import GGMLQuantizationType, quants
from safetensors.torch import save_file

rng = np.random.default_rng(7)
# 272 blocks of NF4, so that the scales have two groups, of several sizes; a block of zeros, an
# outlier, equal values, and values between two codes
w = (rng.standard_normal((136, 128)) * np.exp(rng.uniform(-4, 1, (136, 1)))).astype(np.float16)
w[3, :64] = 0
w[5, 7] = 60
w[9, 64:] = -0.5
w[11] = np.linspace(-1, 1, 128)
x = torch.tensor(w.astype(np.float32))
q, state = quantize_4bit(x, blocksize=64, compress_statistics=False, quant_type="nf4")
# The second quantization with bitsandbytes' general code, which finds the nearest level; its code for
# float32 on a CPU takes another one for 2 of these 272 scales, which lie near a midpoint.
mean = state.absmax.mean()
code = create_dynamic_map().to(x.device)
scale, of = torch.ops.bitsandbytes.quantize_blockwise((state.absmax - mean).double(), code, 256)
of = of.repeat_interleave(256)[:scale.numel()]
state.absmax = code[scale.long()] * of + mean
out = {"w": torch.tensor(w), "nf4": dequantize_4bit(q, state)}
for name in "Q8_0", "Q4_1":
    kind = GGMLQuantizationType[name]
    out[name.lower()] = torch.tensor(quants.dequantize(quants.quantize(x.numpy(), kind), kind))
save_file({k: v.contiguous() for k, v in out.items()}, sys.argv[1])
