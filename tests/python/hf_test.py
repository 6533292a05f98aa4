"""Checkpoints that `transformers` makes run here with its logits and its greedy tokens, and what is written here loads
there with ours. Every architecture and option of docs/models.md has a tiny random checkpoint."""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import time

import numpy as np
import torch
from transformers import (AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config)
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()
torch.set_num_threads(1)

VOCABULARY = 99
SIZES = dict(vocab_size=VOCABULARY, hidden_size=48, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2)
PROMPT, NEW = 40, 24  # of greedy decoding: beyond every window and original context below
RATE = 0.002  # of gradient descent: larger steps move these random models so far that they amplify rounding
LENGTHS = (70, 1, 33)  # of the sequences whose logits are compared


@dataclasses.dataclass
class Case:
    name: str
    config: object
    dtype: str = "float32"
    shard: str = "5GB"
    lengths: tuple = LENGTHS
    older: bool = False  # config.json spelled as transformers 4 does
    train: bool = False
    export_dtype: str = "float32"


def rope(kind, **fields):
    return dict(rope_type=kind, rope_theta=5000.0, **fields)


def cases():
    def llama(**fields):
        return LlamaConfig(**{**SIZES, **fields})

    llama3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
    yarn = rope("yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=8.0, beta_slow=1.0)
    scales = rope("yarn", factor=4.0, original_max_position_embeddings=32, mscale=1.0, mscale_all_dim=0.5, truncate=False)
    given = rope("yarn", factor=2.0, original_max_position_embeddings=64, attention_factor=1.3)
    windows = dict(use_sliding_window=True, sliding_window=16)
    mixed = ["sliding_attention", "full_attention", "sliding_attention"]
    return [
        Case("llama", llama(), train=True),
        Case("llama-tied-sharded", llama(tie_word_embeddings=True), shard="20KB", train=True),
        Case("llama-biases-wide-heads", llama(attention_bias=True, mlp_bias=True, head_dim=20), train=True),
        Case("llama-every-head", llama(num_key_value_heads=4), "bfloat16", shard="20KB", export_dtype="bfloat16"),
        Case("smollm", llama(hidden_size=54, num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True), "bfloat16"),
        Case("llama-half", llama(num_key_value_heads=1), "float16", export_dtype="float16"),
        Case("llama-llama3", llama(rope_parameters=dict(llama3)), shard="20KB"),
        Case("llama-llama3-older", llama(rope_parameters=dict(llama3)), older=True),
        Case("llama-linear", llama(rope_parameters=rope("linear", factor=3.0))),
        Case("llama-linear-older", llama(rope_parameters=rope("linear", factor=3.0)), older=True),
        # Sequences within the original context; greedy tokens go beyond it.
        Case("llama-dynamic", llama(rope_parameters=rope("dynamic", factor=2.0), max_position_embeddings=48), lengths=(48, 20)),
        Case("llama-yarn", llama(rope_parameters=dict(yarn))),
        Case("llama-yarn-older", llama(rope_parameters=dict(yarn)), older=True),
        Case("llama-yarn-scales", llama(rope_parameters=dict(scales))),
        Case("mistral", MistralConfig(**SIZES, sliding_window=16), train=True),
        Case("mistral-window-of-one", MistralConfig(**SIZES, sliding_window=1)),
        Case("mistral-full-wide-heads", MistralConfig(**SIZES, sliding_window=None, head_dim=16), "bfloat16"),
        Case("qwen2", Qwen2Config(**SIZES), "bfloat16", train=True),
        Case("qwen2-tied-sharded", Qwen2Config(**SIZES, tie_word_embeddings=True), shard="20KB"),
        Case("qwen2-windows", Qwen2Config(**SIZES, **windows, max_window_layers=1), train=True),
        Case("qwen2-layer-types", Qwen2Config(**SIZES, **windows, layer_types=mixed), "bfloat16"),
        Case("qwen2-yarn", Qwen2Config(**SIZES, rope_parameters=dict(given))),
        Case("qwen3", Qwen3Config(**SIZES, head_dim=16), train=True),
        Case("qwen3-biases-windows", Qwen3Config(**SIZES, head_dim=12, attention_bias=True, **windows, max_window_layers=2), "float16"),
        Case("qwen3-tied-yarn", Qwen3Config(**SIZES, head_dim=24, tie_word_embeddings=True, rope_parameters=dict(yarn)), "bfloat16", shard="20KB"),
    ]


def make_checkpoint(case, folder, seed):
    """Random weights everywhere, biases and norms too."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(case.config)
    with torch.no_grad():
        for name, values in model.named_parameters():
            values.normal_(1.0 if "norm" in name else 0.0, 0.25)
    model.generation_config.eos_token_id = None  # greedy decoding does not stop early
    model.to(getattr(torch, case.dtype)).save_pretrained(folder, max_shard_size=case.shard)
    if case.older:
        path = folder / "config.json"
        config = json.loads(path.read_text())
        parameters = config.pop("rope_parameters")
        config["rope_theta"] = parameters.pop("rope_theta")
        parameters["type"] = parameters.pop("rope_type")
        config["rope_scaling"] = parameters
        config["torch_dtype"] = config.pop("dtype")
        path.write_text(json.dumps(config))


def reload(folder, dtype="float32", attention="eager"):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), attn_implementation=attention).eval()


def their_logits(model, sequences):
    with torch.no_grad():
        rows = [model(torch.tensor([ids])).logits[0].float() for ids in sequences]
    return torch.cat(rows).numpy()


def our_logits(path):
    return np.fromfile(path, np.float32).reshape(-1, VOCABULARY)


def distance(ours, theirs):
    """Largest difference over the largest logit."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def descend(model, sequences, rate, steps):
    """Plain gradient descent on the mean over all next tokens, as hf_model does."""
    for _ in range(steps):
        losses = []
        for ids in sequences:
            logits = model(torch.tensor([ids])).logits[0]
            losses.append(torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:], dtype=torch.long), reduction="sum"))
        (sum(losses) / sum(len(ids) - 1 for ids in sequences)).backward()
        with torch.no_grad():
            for values in model.parameters():
                values -= rate * values.grad
                values.grad = None


def run_jobs(tool, work, jobs):
    path = work / "jobs.json"
    path.write_text(json.dumps(jobs))
    run = subprocess.run([tool, str(path)], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(jobs), run.stdout
    return answers


def same_config(written, original):
    """What transformers understands from our config.json is what it understood from its own."""
    ignored = {"dtype", "transformers_version", "_name_or_path", "architectures", "name_or_path"}
    ours, theirs = written.to_dict(), original.to_dict()
    different = {key: (ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys()
                 if key not in ignored and ours.get(key) != theirs.get(key)}
    assert not different, different


def check_logits(case, folder, logits, sequences, model):
    exact = their_logits(model, sequences)
    far = distance(logits, exact)
    assert far < 1e-5, f"{case.name}: logits differ by {far:.2e}"
    if case.dtype == "float32":
        return f"logits {far:.1e}"
    # Weights are stored in half precision; we compute in float32 from them, which is what their float32 run does. Their
    # own half precision runs lie further away, by about the same in each attention implementation.
    eager, other = (their_logits(reload(folder, case.dtype, name), sequences) for name in ("eager", "sdpa"))
    ours_to = max(distance(logits, eager), distance(logits, other))
    theirs_to = max(distance(exact, eager), distance(exact, other))
    assert ours_to < 1.02 * theirs_to, f"{case.name}: {ours_to:.2e} from half precision, theirs {theirs_to:.2e}"
    return (f"logits {far:.1e}; from their {case.dtype}: ours {ours_to:.1e}, their float32 {theirs_to:.1e}, "
            f"eager from sdpa {distance(eager, other):.1e}")


def check_case(case, folder, exported, answer, logits, trained, sequences):
    model = reload(folder)
    text = check_logits(case, folder, our_logits(logits), sequences, model)
    prompt = torch.tensor([sequences[0][:PROMPT]])
    # Without a mask it would take token 0 in the prompt for padding; a cache of theirs for one position is wrong.
    greedy = model.generate(prompt, attention_mask=torch.ones_like(prompt),
                            use_cache=getattr(model.config, "sliding_window", None) != 1, max_new_tokens=NEW, do_sample=False, pad_token_id=0)[0, PROMPT:].tolist()
    assert answer["greedy"] == greedy, f"{case.name}: greedy tokens {answer['greedy']}, theirs {greedy}"
    back = reload(exported, "float32")
    same_config(back.config, model.config)
    assert back.generation_config.eos_token_id is None
    if case.train:
        descend(model, sequences, RATE, 3)
        far = distance(our_logits(trained), their_logits(model, sequences))
        assert far < 5e-5, f"{case.name}: logits after three steps differ by {far:.2e}"
        moved = distance(our_logits(trained), our_logits(logits))
        assert moved > 1e-3, f"{case.name}: three steps changed the logits by {moved:.2e} alone"
        text += f"; after 3 steps {far:.1e} (moved {moved:.1e})"
    far = distance(their_logits(back, sequences), our_logits(trained if case.train else logits))
    limit = 1e-5 if case.dtype == case.export_dtype or case.export_dtype == "float32" else 1e-2
    assert far < limit, f"{case.name}: their logits of our export differ by {far:.2e}"
    return text + f"; export {far:.1e}"


def conformance(tool, work):
    everything = cases()
    random = np.random.default_rng(7)
    jobs, places = [], []
    for number, case in enumerate(everything):
        folder, exported = work / case.name, work / (case.name + "-ours")
        make_checkpoint(case, folder, number)
        sharded = (folder / "model.safetensors.index.json").exists()
        assert sharded == (case.shard != "5GB"), f"{case.name}: sharded {sharded}"
        sequences = [random.integers(0, VOCABULARY, size).tolist() for size in case.lengths]
        logits, trained = work / f"{case.name}.logits", work / f"{case.name}.trained"
        export = {"folder": str(exported), "dtype": case.export_dtype}
        if number % 2:
            export["largest_file"] = 30_000
        first = {"folder": str(folder), "sequences": sequences, "logits": str(logits),
                 "greedy": {"prompt": sequences[0][:PROMPT], "tokens": NEW}}
        if case.train:
            jobs.append({"folder": str(folder), "sequences": sequences, "sgd": {"rate": RATE, "steps": 3},
                         "logits": str(trained), "export": export})
        else:
            first["export"] = export
        jobs.append(first)
        places.append((case, folder, exported, len(jobs) - 1, logits, trained, sequences))
    answers = run_jobs(tool, work, jobs)
    for case, folder, exported, at, *rest in places:
        print(f"{case.name}: {check_case(case, folder, exported, answers[at], *rest)}", flush=True)


def large(tool, work):
    """The shape of Qwen2.5-0.5B, stored in bfloat16: 1 GB."""
    torch.manual_seed(1)
    config = Qwen2Config(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
                         num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768,
                         tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1e6))
    torch.set_default_dtype(torch.bfloat16)
    AutoModelForCausalLM.from_config(config).save_pretrained(work / "large", max_shard_size="300MB")
    torch.set_default_dtype(torch.float32)
    prompt = list(range(100, 132))
    answer = run_jobs(tool, work, [{"folder": str(work / "large"), "greedy": {"prompt": prompt, "tokens": 8}}])[0]
    size = answer["model_bytes"]
    print(f"0.5B: {size / 1e6:.0f} MB of float32 parameters loaded in {answer['load_seconds']:.1f} s, anonymous memory at "
          f"most {answer['anonymous_peak'] / 1e6:.0f} MB; 32 + 8 tokens in {answer['decode_seconds']:.1f} s; peak of the "
          f"process {answer['peak'] / 1e6:.0f} MB")
    assert answer["anonymous_peak"] <= 1.1 * size
    assert answer["peak"] < 8e9
    model = reload(work / "large")
    greedy = model.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False, pad_token_id=0)[0, 32:].tolist()
    assert answer["greedy"] == greedy, (answer["greedy"], greedy)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    start = time.monotonic()
    (large if options.long else conformance)(options.programs / "hf_model", options.work)
    print(f"hf_test: {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
