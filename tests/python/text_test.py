"""A pre-trained model with prompts of words, from its folder to an exported one: `transformers` with the exported
tokenizer reads the same prompts and gives the same pages with the same probabilities. --long: every verb with adapters on it, and a
model of half a billion parameters."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast, Qwen2Config

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SECTIONS = [("carousel", 3), ("list", 2)]  # of configs/stories.yaml


def pagewright(binary, *arguments, text=None, cwd=SOURCE):
    run = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, input=text, cwd=cwd, timeout=300)
    assert run.returncode == 0, f"{arguments}: {run.stderr}"
    return run.stdout


def make_export(binary, work):
    """A few steps of warm-up from the pre-trained weights; items are scored by the LM head alone, as others can."""
    sets = []
    for key, value in {"run": work, "log": work / "log", "simulator.pages": 60, "simulator.test_requests": 20,
                       "warmup.batch": 12, "model.layout_head": "tokens",
                       # An exported folder needs no reward models and no critic, and so not these.
                       "rewards.model.path": "tests/data/stories260k", "critic.kind": "separate",
                       "critic.model.path": "tests/data/stories260k"}.items():
        sets += ["--set", f"{key}={value}"]
    for verb in ("simulate", "sft"):
        pagewright(binary, verb, "configs/stories.yaml", *sets)
    pagewright(binary, "export", "configs/stories.yaml", *sets, "--policy", "warmup", "--out", work / "exported")
    return work / "exported"


def check_elsewhere(binary, run, requests):
    """The configuration of a run names its model by a relative path, and works from any directory."""
    assert "path: tests/data/stories260k" in (run / "config.yaml").read_text()
    call = ["generate", run / "config.yaml", "--policy", "warmup", "--greedy"]
    pages = pagewright(binary, *call, text=requests)
    assert pages and pagewright(binary, *call, text=requests, cwd=run) == pages
    pagewright(binary, "sft", run / "config.yaml", "--imitation", cwd=run)  # writes into the same run folder
    assert (run / "policies" / "imitation").is_dir()


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


CHATML = """{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
CHAT_PROMPT = r"""
prompt:
  context: ["<|im_start|>system\nYou arrange the pages of a shop.<|im_end|>\n<|im_start|>user\nThe visitor has a {context.device|text:6}."]
  history: {last: 2, heading: " Before,", tokens: [" {action|text} {category|text:8}."]}
  candidate: {tokens: [" {category|text:8} by {brand|text:8}"]}
  end: "<|im_end|>\n<|im_start|>assistant\n"
"""


def check_chat(binary, work, log):
    """A chat model: the template writes the chat's marks, and the prompt is that of apply_chat_template."""
    folder = work / "chat_model"
    torch.manual_seed(2)
    # AutoTokenizer goes by the model's type and would take the pipeline of the real Qwen2.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(SOURCE / "tests" / "data" / "tokenizers" / "qwen_like")
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)
    assert (folder / "chat_template.jinja").is_file()
    shutil.copy(SOURCE / "tests" / "data" / "tokenizers" / "qwen_like" / "tokenizer.json", folder)
    AutoModelForCausalLM.from_config(
        Qwen2Config(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                    num_key_value_heads=2, max_position_embeddings=1024)).save_pretrained(folder)
    stories = (SOURCE / "configs" / "stories.yaml").read_text()
    before, rest = stories.split("\nprompt:\n")
    config = work / "chat.yaml"
    config.write_text(before + CHAT_PROMPT + rest[rest.index("\nsimulator:"):])
    sets = settings({"run": work / "chat", "log": log, "model.path": folder, "model.layout_head": "tokens", "warmup.batch": 60})
    pagewright(binary, "sft", config, *sets)
    exported = work / "chat_exported"
    pagewright(binary, "export", config, *sets, "--policy", "warmup", "--out", exported)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(exported)
    model = AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32).eval()
    requests = pagewright(binary, "inspect", log, "--requests", 4)
    for line in pagewright(binary, "generate", exported, "--tokens", "--greedy", text=requests).splitlines():
        page = json.loads(line)
        check_page(model, tokenizer, page, True)
        user = page["prompt"].split("<|im_start|>user\n")[1].split("<|im_end|>")[0]
        chat = [{"role": "system", "content": "You arrange the pages of a shop."}, {"role": "user", "content": user}]
        assert page["prompt"] == tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) + "<page>"
    print("a chat model's prompts are those of its chat template")


def settings(values):
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


def measured(binary, *arguments, stdin=None):
    """Seconds and peak memory, in bytes, of a verb that succeeds."""
    start = time.monotonic()
    process = subprocess.Popen([binary, *map(str, arguments)], cwd=SOURCE, stdin=stdin, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, (arguments, output)
    return output, time.monotonic() - start, usage.ru_maxrss * 1024


def adapters(binary, work):
    """From the pre-trained weights through every verb with adapters; two ranks give the bits of one."""
    values = {"run": work / "one", "log": work / "log", "simulator.pages": 120, "simulator.test_requests": 20,
              "warmup.batch": 24, "model.lora.rank": 4, "rewards.gains.propensities": "power", "rewards.page.fit.epochs": 1,
              "rewards.item.fit.epochs": 1, "rewards.normaliser_pages": 16, "ppo.iterations": 2, "ppo.requests": 16,
              "evaluation.bootstrap": 100}
    for verb in ("simulate", "sft", "fit-reward"):
        pagewright(binary, verb, "configs/stories.yaml", *settings(values))
    shutil.copytree(work / "one", work / "two")
    one = pagewright(binary, "train", "configs/stories.yaml", *settings(values))
    two = subprocess.run([SOURCE / "launch" / "mpirun.sh", "2", "train", "configs/stories.yaml",
                          *settings({**values, "run": work / "two"})], capture_output=True, text=True,
                         env={**os.environ, "PAGEWRIGHT": str(binary)})
    assert two.returncode == 0, two.stderr
    hashes = [line for line in one.splitlines() if "sha256" in line]
    assert len(hashes) == 2 and all(line in two.stdout for line in hashes), (one, two.stdout)
    pagewright(binary, "evaluate", "configs/stories.yaml", *settings(values))
    pagewright(binary, "export", "configs/stories.yaml", *settings(values), "--out", work / "exported")
    requests = pagewright(binary, "inspect", work / "log", "--requests", 3)
    answers = [pagewright(binary, "generate", *source, "--greedy", text=requests).splitlines()
               for source in ((work / "exported",), ("configs/stories.yaml", *settings(values)))]
    pages = [[json.loads(line)["sections"] for line in lines] for lines in answers]
    assert len(pages[0]) == 3 and pages[0] == pages[1], "merged adapters give other pages"
    print("every verb with adapters on a pre-trained model; 2 ranks as 1")


def make_large(folder):
    """The shape of Qwen2.5-0.5B, stored in bfloat16: 1 GB; a tokenizer with as many tokens, most of them never used."""
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    config = Qwen2Config(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
                         num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768,
                         tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1e6))
    AutoModelForCausalLM.from_config(config).save_pretrained(folder, max_shard_size="300MB")
    torch.set_default_dtype(torch.float32)
    source = SOURCE / "tests" / "data" / "tokenizers" / "qwen_like"
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    added, vocabulary = tokenizer["added_tokens"], tokenizer["model"]["vocab"]
    first_added = config.vocab_size - len(added)
    vocabulary.update({f"unused{number}": number for number in range(len(vocabulary), first_added)})
    for number, token in enumerate(added):
        token["id"] = first_added + number
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    shutil.copy(source / "tokenizer_config.json", folder)


def large(binary, work):
    """Half a billion parameters load, take steps with adapters and compose a page within 8 GB."""
    make_large(work / "large")
    values = {"run": work / "run-large", "log": work / "log-large", "model.path": work / "large", "simulator.pages": 24,
              "simulator.requests_per_user": 1, "simulator.test_requests": 4, "simulator.candidates.count": 6,
              "simulator.candidates.relevant": 3, "warmup.batch": 8, "warmup.epochs": 1, "model.lora.rank": 8,
              "precision.frozen": "bfloat16", "model.layout_head": "tokens"}
    pagewright(binary, "simulate", "configs/stories.yaml", *settings(values))
    output, seconds, peak = measured(binary, "sft", "configs/stories.yaml", *settings(values))
    print(f"{output}sft of the large model: {seconds:.0f} s, peak {peak / 1e9:.1f} GB")
    assert peak < 8e9
    request = work / "request.json"
    request.write_text(pagewright(binary, "inspect", values["log"], "--requests", 1))
    with request.open() as lines:
        page, seconds, peak = measured(binary, "generate", "configs/stories.yaml", *settings(values), "--policy", "warmup",
                                       stdin=lines)
    assert len(json.loads(page)["sections"]) == 2
    print(f"a page of the large model, loaded for it: {seconds:.1f} s, peak {peak / 1e9:.1f} GB")
    assert peak < 8e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    if options.long:
        adapters(options.pagewright, options.work)
        return large(options.pagewright, options.work)
    exported = make_export(options.pagewright, options.work)
    requests = pagewright(options.pagewright, "inspect", options.work / "log", "--requests", 6)
    check_elsewhere(options.pagewright, options.work, requests)
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
    check_chat(options.pagewright, options.work, options.work / "log")


if __name__ == "__main__":
    sys.exit(main())
