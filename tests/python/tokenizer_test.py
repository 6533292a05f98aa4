"""Ids and texts of our tokenizer and of the Python package `tokenizers` are equal over nasty random strings, for tokenizers
of every supported kind; what write_with_added writes is read by both packages and agrees."""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "support"))
import small_tokenizers  # noqa: E402
from nasty_texts import nasty_texts  # noqa: E402
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: E402

DATA = SOURCE / "tests" / "data"


def gpt2():
    folder = DATA / "tokenizers" / "gpt2"
    vocab = json.loads((folder / "encoder.json").read_text())
    merges = [tuple(line.split(" ")) for line in (folder / "vocab.bpe").read_text().split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(vocab, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False)])
    return folder, tokenizer


def cases(work, patchworks):
    """Name, path for ours, tokenizer of the package."""
    yield "gpt2", *gpt2()
    for name, path in (
        ("stories260k", DATA / "stories260k" / "tokenizer.json"),
        ("qwen_like", DATA / "tokenizers" / "qwen_like" / "tokenizer.json"),
        ("qwen3", os.environ.get("PAGEWRIGHT_QWEN3_TOKENIZER")),
    ):
        if path is not None:
            yield name, path, Tokenizer.from_file(str(path))
    lines = small_tokenizers.corpus([path.read_text() for path in sorted((SOURCE / "docs").glob("*.md"))])
    makers = [getattr(small_tokenizers, name) for name in ("llama3_like", "smollm_like", "llama2_like", "mistral_like", "metaspace_words")]
    for seed in range(patchworks):
        makers.append(lambda lines, seed=seed: small_tokenizers.patchwork(lines, seed))
    for number, make in enumerate(makers):
        name = make.__name__ if make.__name__ != "<lambda>" else f"patchwork_{number}"
        path = work / f"{name}.json"
        made = make(lines)
        made.save(str(path))
        yield name, path, Tokenizer.from_file(str(path))


def ask(tool, path, questions):
    text = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([tool, str(path)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, f"{path}: {done.stderr}"
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert len(answers) == len(questions)
    return answers


def encode(tokenizer, text, plain=False):
    tokenizer.encode_special_tokens = plain
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    tokenizer.encode_special_tokens = False
    return ids


def expected(tokenizer, ids):
    return {"text": tokenizer.decode(ids, skip_special_tokens=False), "text_without_specials": tokenizer.decode(ids)}


def differ(name, what, question, mine, theirs):
    raise AssertionError(f"{name}: {what} of {question!r}:\n  ours   {mine}\n  theirs {theirs}")


def compare(tool, name, path, tokenizer, seed, count):
    tokens = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    texts = nasty_texts(seed, count, tokens)
    answers = ask(tool, path, [{"bytes": text.hex()} for text in texts])
    for text, mine in zip(texts, answers):
        decoded = text.decode(errors="replace")
        ids = encode(tokenizer, decoded)
        theirs = {"ids": ids, "plain_ids": encode(tokenizer, decoded, plain=True), **expected(tokenizer, ids)}
        for what, value in theirs.items():
            if mine[what] != value:
                differ(name, what, text, mine[what], value)
    draw = random.Random(seed)
    size = tokenizer.get_vocab_size()
    questions = [[draw.randrange(size) for _ in range(draw.randrange(0, 12))] for _ in range(count // 4)]
    for ids, mine in zip(questions, ask(tool, path, [{"decode": ids} for ids in questions])):
        for what, value in expected(tokenizer, ids).items():
            if mine[what] != value:
                differ(name, what, ids, mine[what], value)


def check_added(tool, name, path, tokenizer, work):
    """Further special tokens: in the file that we write they have the ids that both packages give them."""
    names = ["<page>", "</page>", '<item:"0">', "<sección>"]
    folder = work / f"{name}_added"
    folder.mkdir()
    answer = ask(tool, path, [{"write": str(folder), "names": names}])[0]
    assert answer["size"] == max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1, name
    frame = tokenizer.encode("x").ids
    inner = encode(tokenizer, "x")
    if "gpt2" not in name and path.name != "tokenizer.json":
        assert answer["prefix"] + inner + answer["suffix"] == frame, (name, answer, frame)
    written = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert [written.token_to_id(n) for n in names] == [answer["size"] + i for i in range(len(names))], name
    text = "a" + names[2] + " b<page>" + names[3]
    mine = ask(tool, folder, [{"bytes": text.encode().hex()}])[0]
    assert mine["ids"] == encode(written, text), name
    assert mine["plain_ids"] == encode(written, text, plain=True) == encode(tokenizer, text), name
    check_transformers(folder, text, mine, answer)


def check_transformers(folder, text, mine, answer):
    from transformers import PreTrainedTokenizerFast

    theirs = PreTrainedTokenizerFast.from_pretrained(str(folder))
    assert len(theirs) == answer["size"] + 4
    ids = theirs(text)["input_ids"]
    assert ids == answer["prefix"] + mine["ids"] + answer["suffix"], (folder, ids, mine, answer)
    assert theirs.decode(mine["ids"], clean_up_tokenization_spaces=False) == mine["text"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--count", type=int)
    arguments = parser.parse_args()
    tool = pathlib.Path(arguments.programs) / "tokenizer_lines"
    work = pathlib.Path(arguments.work)
    count = arguments.count or (100_000 if arguments.long else 2_000)
    for name, path, tokenizer in cases(work, 12 if arguments.long else 4):
        path = pathlib.Path(path)
        for seed, begin in enumerate(range(0, count, 10_000)):
            compare(tool, name, path, tokenizer, seed, min(10_000, count - begin))
        check_added(tool, name, path, tokenizer, work)
        print(f"{name}: {count} texts and {count // 4} lists of ids agree", flush=True)


if __name__ == "__main__":
    main()
