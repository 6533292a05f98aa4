#!/usr/bin/env python3
"""Checks of the sources that the compiler does not make. Prints file:line: reason; exit code 1 if there is any.

1. Layers: a folder includes only itself and the folders it may use (docs/architecture.md).
2. Includes: project headers by their path from the root; no <torch/torch.h>; yaml-cpp and nlohmann/json (but for its forward declarations) in no header;
   Catch2 through tests/support/catch.hpp only.
3. Reductions: no sum, mean, dot or norm over a whole tensor outside WHOLE_TENSOR_FILES. libtorch splits these by the
   number of threads, so that their bits change with it (Note [Lanes]). A line whose call is not a tensor's may end in
   a comment that says "not a tensor".
"""
import os
import re
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

LAYERS = {
    "core": {"core"},
    "distributed": {"core", "distributed"},
    "rollout": {"core", "distributed", "rollout"},
    "rewards": {"core", "distributed", "rewards"},
    "launch": {"core", "distributed", "rollout", "rewards", "launch"},
}
EVERYTHING = LAYERS["launch"] | {"tests"}
WHOLE_TENSOR_FILES = {"core/numerics/block_sum.cpp"}
HEADER_ONLY_BANS = {
    "yaml-cpp": re.compile(r"<yaml-cpp/"),
    "nlohmann/json": re.compile(r"<nlohmann/(?!json_fwd\.hpp)"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])')
REDUCTION = re.compile(r"(?:\bat::(sum|mean|dot|vdot|norm|linalg_vector_norm|prod|var|std|logsumexp)|"
                       r"(?:\.|->)(sum|mean|dot|vdot|norm|prod|var|std))\s*\(")
TENSOR_FILE = re.compile(r"#\s*include\s*<(?:ATen|torch)/")


def sources():
    for top in sorted(EVERYTHING):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp", ".cu", ".cuh")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def allowed_folders(path):
    top, *rest = path.split("/")
    if top != "tests":
        return LAYERS[top]
    # A test of a layer stays in that layer; what lies beside the layers (benchmarks, support) may use all.
    layer = rest[0] if rest and rest[0] in LAYERS else None
    return LAYERS[layer] | {"tests"} if layer else EVERYTHING


def check_include(path, target):
    if target == "<torch/torch.h>":
        return "<torch/torch.h> takes 18 s to compile; include the narrow <ATen/...> headers"
    if path.endswith(".hpp"):
        for library, pattern in HEADER_ONLY_BANS.items():
            if pattern.match(target):
                return f"{library} belongs in .cpp files: every includer of this header would compile it"
    if target.startswith("<catch2/") and path != "tests/support/catch.hpp":
        return 'include "tests/support/catch.hpp", which works with Catch2 2 and 3'
    name = target[1:-1]
    top = name.split("/")[0]
    if top in EVERYTHING | {"cmake"} and "/" in name:
        if not os.path.exists(os.path.join(ROOT, name)):
            return f"{name} does not exist"
        if target[0] == "<":
            return f'write "{name}": project headers are quoted'
        if top != "cmake" and top not in allowed_folders(path):
            layer = "/".join(path.split("/")[:2]) if path.startswith("tests/") else path.split("/")[0]
            return f"{layer} must not include {top}/ (it may include: {', '.join(sorted(allowed_folders(path)))})"
    elif target[0] == '"':
        return f'{target} is not a path from the root such as "core/base/error.hpp"'
    return None


def split_arguments(text):
    """The top-level arguments of a call, given the text after its opening parenthesis."""
    depth, start, arguments = 0, 0, []
    for position, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            if depth == 0:
                arguments.append(text[start:position].strip())
                return [argument for argument in arguments if argument]
            depth -= 1
        elif character == "," and depth == 0:
            arguments.append(text[start:position].strip())
            start = position + 1
    return []


def is_dtype(argument):
    return bool(re.fullmatch(r"(?:at|torch|c10)::(?:k\w+|ScalarType::\w+)|.*dtype\(?\)?|2|2\.0|1", argument))


def whole_tensor_reductions(text):
    """Offsets and names of calls that reduce a whole tensor: no dimension among their arguments."""
    for match in REDUCTION.finditer(text):
        free, member = match.group(1), match.group(2)
        arguments = split_arguments(text[match.end():])
        name = free or member
        if free:
            arguments = arguments[1:]
        if name in ("dot", "vdot"):
            yield match.start(), name
        elif all(is_dtype(argument) for argument in arguments):
            yield match.start(), name


def blank_comments_and_strings(text):
    """The same text with comments and string literals blanked out, newlines kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def check_file(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        reason = match and check_include(path, match.group(1))
        if reason:
            yield number, reason
    if path.startswith("tests/") or path in WHOLE_TENSOR_FILES or not TENSOR_FILE.search(text):
        return
    code = blank_comments_and_strings(text)
    for offset, name in whole_tensor_reductions(code):
        number = code.count("\n", 0, offset) + 1
        if "not a tensor" not in lines[number - 1]:
            yield number, (f"{name} over a whole tensor changes its bits with the number of threads; use the "
                           "fixed-block reducer (Note [Lanes])")


def main():
    complaints = [(path, number, reason) for path in sources() for number, reason in check_file(path)]
    for path, number, reason in complaints:
        print(f"{path}:{number}: {reason}")
    if not complaints:
        print("sources: layers, includes and reductions are in order")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
