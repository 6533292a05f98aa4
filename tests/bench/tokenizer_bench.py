"""Our tokenizer beside the Python package `tokenizers`, each on one core (processor time): prints a table.

    python tests/bench/tokenizer_bench.py --bin build/tests [--qwen3 TOKENIZER_JSON] [--seconds 3]
needs `tokenizers` and the built benchmark tokenizer_bench.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "support"))
import small_tokenizers  # noqa: E402
from nasty_texts import nasty_texts  # noqa: E402
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: E402


def gpt2():
    folder = SOURCE / "tests" / "data" / "tokenizers" / "gpt2"
    merges = [tuple(line.split(" ")) for line in (folder / "vocab.bpe").read_text().split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(json.loads((folder / "encoder.json").read_text()), merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False)])
    return tokenizer


def best_seconds(seconds, work):
    work()
    best = 1e9
    for _ in range(5):
        begin, calls = time.process_time(), 0
        while calls == 0 or time.process_time() - begin < seconds / 5:
            work()
            calls += 1
        best = min(best, (time.process_time() - begin) / calls)
    return best


def theirs(path, text, seconds):
    begin = time.process_time()
    tokenizer = Tokenizer.from_file(str(path))
    figures = {"load": time.process_time() - begin}
    size = len(text.encode()) / 1e6
    lines = text.splitlines(keepends=True) if "\u2028" not in text else text.split("\n")
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    # The calls without offsets are the package's fastest.
    figures["whole"] = size / best_seconds(seconds, lambda: tokenizer.encode_batch_fast([text], add_special_tokens=False))
    figures["lines"] = size / best_seconds(seconds, lambda: tokenizer.encode_batch_fast(lines, add_special_tokens=False))
    figures["decode"] = size / best_seconds(seconds, lambda: tokenizer.decode(ids, skip_special_tokens=False))
    return figures


def ours(program, path, file, seconds):
    done = subprocess.run([program, str(path), str(file), str(seconds)], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {row["what"]: row.get("mb_per_s", row.get("seconds")) for row in rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/tests")
    parser.add_argument("--qwen3")
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    english = "".join(path.read_text() for path in sorted((SOURCE / "docs").glob("*.md")))
    mixed = "\n".join(text.decode(errors="ignore") for text in nasty_texts(3, 8000))
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        paths = {"GPT-2": work / "gpt2.json", "Llama 2 form, small": work / "llama2.json"}
        gpt2().save(str(paths["GPT-2"]))
        small_tokenizers.llama2_like(small_tokenizers.corpus([english])).save(str(paths["Llama 2 form, small"]))
        if arguments.qwen3:
            paths["Qwen3"] = pathlib.Path(arguments.qwen3)
        print("| tokenizer | text | what | ours | `tokenizers` | ratio |\n| --- | --- | --- | ---: | ---: | ---: |")
        for name, path in paths.items():
            for kind, text in (("English", english), ("mixed", mixed)):
                file = work / "text.txt"
                file.write_text(text)
                mine, other = ours(f"{arguments.bin}/tokenizer_bench", path, file, arguments.seconds), theirs(path, text, arguments.seconds)
                for what, unit in (("load", "s"), ("whole", "MB/s"), ("lines", "MB/s"), ("decode", "MB/s")):
                    ratio = other[what] / mine[what] if what == "load" else mine[what] / other[what]
                    print(f"| {name} | {kind} | {what} | {mine[what]:.3g} {unit} | {other[what]:.3g} {unit} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
