"""Adapters leave as merged weights and in the form of PEFT: `transformers` gives our logits with either."""

import argparse
import json
import pathlib
import subprocess

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.set_verbosity_error()
torch.set_num_threads(1)


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def difference(model, expected):
    with torch.no_grad():
        logits = model(expected["ids"].long()[None]).logits[0]
    return (logits - expected["logits"]).abs().max().item() / expected["logits"].abs().max().item()


def check(programs, folder, kind):
    subprocess.run([programs / "lora_model", folder, kind], check=True)
    expected = load_file(folder / "expected.safetensors")
    assert difference(load(folder / "base"), expected) > 0.05, "the adapters change nothing"
    merged = difference(load(folder / "merged"), expected)
    assert merged < 1e-5, f"{kind}: merged weights are {merged} away"
    model = PeftModel.from_pretrained(load(folder / "base"), folder / "peft").eval()
    adapted = difference(model, expected)
    assert adapted < 1e-5, f"{kind}: PEFT is {adapted} away"
    assert json.loads((folder / "peft" / "adapter_config.json").read_text())["r"] == 4
    # Everything in the file was used, and PEFT can merge it as well.
    alone = difference(model.merge_and_unload(), expected)
    assert alone < 1e-5, f"{kind}: what PEFT merges is {alone} away"
    print(f"{kind}: merged {merged:.1e}, PEFT {adapted:.1e}, merged by PEFT {alone:.1e}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    options = parser.parse_args()
    for kind in ("tied", "untied"):
        check(options.programs, options.work / kind, kind)


if __name__ == "__main__":
    main()
