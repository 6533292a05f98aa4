"""A pre-trained model with prompts of words, from its folder to an exported one: `transformers` with the exported
tokenizer reads the same prompts and gives the same pages with the same probabilities."""
import argparse
import json
import pathlib
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SECTIONS = [("carousel", 3), ("list", 2)]  # of configs/stories.yaml


def pagewright(binary, *arguments, text=None):
    run = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, input=text, cwd=SOURCE, timeout=300)
    assert run.returncode == 0, f"{arguments}: {run.stderr}"
    return run.stdout


def make_export(binary, work):
    """A few steps of warm-up from the pre-trained weights; items are scored by the LM head alone, as others can."""
    sets = []
    for key, value in {"run": work, "log": work / "log", "simulator.pages": 60, "simulator.test_requests": 20,
                       "warmup.batch": 12, "model.layout_head": "tokens",
                       # An exported folder needs no reward models, and so not this.
                       "rewards.model.path": "tests/data/stories260k"}.items():
        sets += ["--set", f"{key}={value}"]
    for verb in ("simulate", "sft"):
        pagewright(binary, verb, "configs/stories.yaml", *sets)
    pagewright(binary, "export", "configs/stories.yaml", *sets, "--policy", "warmup", "--out", work / "exported")
    return work / "exported"


def check_page(model, tokenizer, page, greedy):
    """Walks the page with their logits over the tokens that the schema allows."""
    assert tokenizer(page["prompt"])["input_ids"] == page["prompt_tokens"], page["prompt"]
    ids = list(page["prompt_tokens"])
    with torch.no_grad():
        logits = model(torch.tensor([ids + page["tokens"]])).logits[0].double()
    pointers = [tokenizer.convert_tokens_to_ids(f"<item:{place}>") for place in range(len(page["candidates"]))]
    used, step, propensities = set(), 0, []
    for name, slots in SECTIONS:
        assert page["tokens"][step] == tokenizer.convert_tokens_to_ids(f"<section:{name}>")
        for slot in range(slots):
            step += 1
            allowed = [pointer for pointer in pointers if pointer not in used]
            scores = logits[len(ids) + step - 1][allowed].softmax(0)
            token = page["tokens"][step]
            if greedy:
                assert allowed[int(scores.argmax())] == token
            propensities.append(float(scores[allowed.index(token)]))
            used.add(token)
        step += 1
        assert page["tokens"][step] == tokenizer.convert_tokens_to_ids("</section>")
        step += 1
    assert page["tokens"][step] == model.generation_config.eos_token_id and step == len(page["tokens"]) - 1
    if not greedy:
        worst = max(abs(ours / theirs - 1) for ours, theirs in zip(page["slot_propensities"], propensities))
        assert worst < 1e-4, f"propensities {page['slot_propensities']}, theirs {propensities}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    options = parser.parse_args()
    exported = make_export(options.pagewright, options.work)
    requests = pagewright(options.pagewright, "inspect", options.work / "log", "--requests", 6)
    model = AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(exported)
    assert len(tokenizer) == model.config.vocab_size
    for greedy in (True, False):
        answers = pagewright(options.pagewright, "generate", exported, "--tokens", *(["--greedy"] if greedy else ["--samples", 3]),
                             text=requests).splitlines()
        assert len(answers) == (6 if greedy else 18), len(answers)
        for line in answers:
            check_page(model, tokenizer, json.loads(line), greedy)
        print(f"{len(answers)} {'greedy' if greedy else 'sampled'} pages are those of transformers")


if __name__ == "__main__":
    sys.exit(main())
