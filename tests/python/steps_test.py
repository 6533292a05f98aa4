"""Optimizer steps of the warm-up and of PPO are those of plain torch: the program `training_steps` takes them with the
trainer, the losses and the pipeline that `sft` and `train` use, on packed batches with shared prompts, in lanes and
threads, and writes down what it learnt from; here the same examples are run one by one through an independent forward,
loss and torch.optim.AdamW. For `layout_head: tokens` the forward is that of `transformers`."""

import argparse
import copy
import json
import pathlib
import subprocess
import sys

import torch
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from plain_learning import Steps, credit, ppo_loss, sft_loss  # noqa: E402
from plain_policy import HuggingFacePolicy, PlainPolicy, Shape, score_page  # noqa: E402

LARGEST_DIFFERENCE = 1e-6  # of any parameter after any step, in float

FUSED = {
    "context": ["{context.device|hash:4}"],
    "history": {"last": 2, "fused": ["{action|bucket:4:0:4}", "{category|hash:8}"]},
    "candidate": {"fused": ["{category|hash:8}", "{price|bucket:8:log:500:40000}", "{last_touched|bucket:3:0:3}"]},
    "placed_features": True,
}
TOKENS = {
    "context": FUSED["context"],
    "history": {"last": 2, "tokens": FUSED["history"]["fused"]},
    "candidate": {"tokens": FUSED["candidate"]["fused"]},
    "placed_features": False,
}
OPTIMIZER = {
    "learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.95, "eps": 1e-5, "weight_decay": 0.1, "max_grad_norm": 1.0,
    "warmup_steps": 2, "final_fraction": 0.1,
}
BASE = {
    "run": "unused", "log": "unused", "seed": 5, "threads": 2,
    "schema": {
        "section_types": {
            "carousel": {"layout": "carousel", "min_slots": 1, "max_slots": 2},
            "grid": {"layout": "grid", "columns": 2, "min_slots": 2, "max_slots": 2},
        },
        "section_order": ["carousel", "grid"],
        "max_candidates": 7,
    },
    "model": {
        "dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 12, "ffn_dim": 48, "norm_eps": 1e-5,
        "rope_theta": 10000,
    },
    "simulator": {
        "pages": 28, "test_requests": 2, "valid_share": 0.2, "catalogue": {"train_items": 60, "test_items": 40},
        "candidates": {"count": 6, "relevant": 3, "retrieval_pool": 20},
    },
    "warmup": {"epochs": 2, "batch": 10, "unengaged_weight": 0.3, "misses": 0.5, "optimizer": OPTIMIZER},
    "ppo": {
        "iterations": 2, "requests": 8, "samples": 3, "epochs": 3, "mini_batches": 1, "micro_batch": 0, "lanes": 2,
        "max_staleness": 0, "importance_cap": 2, "gamma": 0.98, "lambda": 0.9, "clip": 0.02, "clip_high": 0.03,
        "dual_clip": 0, "clip_value": 0.02, "value_coefficient": 0.7, "entropy_coefficient": 0.01, "whiten": True,
        "aggregation": "token_mean", "credit": "per_item", "kl": "adaptive", "kl_estimator": "k1", "kl_in": "reward",
        "kl_coefficient": 0.3, "kl_target": 0.5, "kl_hard_stop": 0, "kl_horizon": 0, "optimizer": OPTIMIZER,
    },
}
# Name: prompt, and what differs from BASE by section.
VARIANTS = {
    "tokens": (TOKENS, {"model": {"layout_head": "tokens", "tied": False}}),
    "tokens, tied": (TOKENS, {
        "model": {"layout_head": "tokens", "tied": True, "head_dim": 8},
        "warmup": {"target": "shown", "misses": 0, "optimizer": {**OPTIMIZER, "max_grad_norm": 0}},
        "ppo": {"max_staleness": 1, "importance_cap": 1.1, "mini_batches": 2, "epochs": 2, "micro_batch": 1,
                "dual_clip": 1.01, "kl_in": "loss", "kl_estimator": "k3_plus", "kl": "fixed",
                "aggregation": "seq_mean_token_sum_norm"},
    }),
    "pointer": (FUSED, {
        "model": {"layout_head": "pointer", "tied": False},
        "ppo": {"iterations": 5, "epochs": 1, "max_staleness": 2, "clip_value": 0, "whiten": False,
                "credit": "terminal", "kl_in": "loss", "kl_estimator": "k2", "aggregation": "seq_mean_token_mean",
                "optimizer": {**OPTIMIZER, "learning_rate": 3e-4, "max_grad_norm": 0.05}},
    }),
    "pointer, tied": (FUSED, {
        "model": {"layout_head": "pointer", "tied": True},
        "ppo": {"kl_in": "loss", "kl_estimator": "k3", "aggregation": "seq_mean_token_sum", "entropy_coefficient": 0},
    }),
}


def configuration(prompt, changes):
    config = copy.deepcopy({**BASE, "prompt": prompt})
    for section, values in changes.items():
        config[section].update(values)
    return config


def largest(tensors):
    return max((tensor.abs().max().item() for tensor in tensors), default=0.0)


def close(what, ours, theirs, tolerance):
    assert abs(ours - theirs) <= tolerance * max(1, abs(theirs)), f"{what}: {ours} here, {theirs} in the reference"


class Comparison:
    """Two references, in float and in double, that take the same steps from the same start, beside the steps of ours."""

    def __init__(self, what, folder, start, config, settings, total):
        shape = Shape.read(start, config)
        first = HuggingFacePolicy if config["model"]["layout_head"] == "tokens" else PlainPolicy
        self.what, self.folder = what, folder
        self.steps = [Steps(policy(start, shape, dtype), settings, total)
                      for policy, dtype in ((first, torch.float), (PlainPolicy, torch.double))]
        self.start = load_file(folder / "step-0.safetensors")
        self.off = self.off_double = self.rounding = 0.0
        check_same_start(self.start, self.policies())

    def policies(self):
        return [steps.policy for steps in self.steps]

    def take(self, loss_of):
        """`loss_of(policy)` gives (loss, report); returns reports, norms and rates, and compares the parameters."""
        taken = []
        for steps in self.steps:
            loss, report = loss_of(steps.policy)
            norm, rate = steps.take(loss)
            taken.append({**report, "loss": loss.item(), "grad_norm": norm, "learning_rate": rate})
        self.compare()
        return taken

    def compare(self):
        number = self.steps[0].taken
        ours = load_file(self.folder / f"step-{number}.safetensors")
        single, double = (policy.parameters for policy in self.policies())
        assert len(ours) == 3 * len(single), f"{self.what}: {len(ours)} tensors, {len(single)} parameters"
        for name in single:
            off = largest([ours[name] - single[name].detach()])
            assert off <= LARGEST_DIFFERENCE, f"{self.what}, step {number}: {name} differs by {off}"
            self.off = max(self.off, off)
            self.off_double = max(self.off_double, largest([ours[name] - double[name].detach()]))
            self.rounding = max(self.rounding, largest([single[name].detach() - double[name].detach()]))
            for moment, theirs in zip(("first_moment.", "second_moment."), self.steps[1].moments(name)):
                scale = largest([theirs])
                off = largest([ours[moment + name] - theirs])
                assert off <= 1e-5 * scale + 1e-9, f"{self.what}, step {number}: {moment}{name} {off} of {scale}"
        learnt = [name for name in single if largest([self.steps[1].moments(name)[0]]) > 0]  # not the value head by SFT
        self.moved = {name: largest([ours[name] - self.start[name]]) for name in learnt}

    def finish(self, norms):
        """At least five steps were taken, all parameters with a gradient moved, and what is left of a difference is rounding."""
        number, fewest = self.steps[0].taken, min(self.moved, key=self.moved.get)
        without = len(self.policies()[0].parameters) - len(self.moved)
        assert without <= 2, f"{self.what}: {without} parameters without a gradient"
        assert number >= 5, f"{self.what}: {number} steps"
        assert not (self.folder / f"step-{number + 1}.safetensors").exists(), f"{self.what}: more than {number} steps"
        assert self.moved[fewest] > 300 * LARGEST_DIFFERENCE, f"{self.what}: {fewest} moved by {self.moved[fewest]}"
        assert self.off_double <= LARGEST_DIFFERENCE, f"{self.what}: {self.off_double} from double"
        print(f"{self.what:24} {number:2} steps, gradient norms {min(norms):.3f} to {max(norms):.3f}, parameters moved by "
              f"{self.moved[fewest]:.1e} to {max(self.moved.values()):.1e}; they differ by {self.off:.1e} from torch in "
              f"float, {self.off_double:.1e} from double; float from double by {self.rounding:.1e}")


def check_same_start(start, policies):
    for policy in policies:
        for name, parameter in policy.parameters.items():
            assert torch.equal(start[name].to(parameter.dtype), parameter.detach()), f"{name} is not the start's"


def applied_norm(folder, number, beta1):
    """Norm of the gradient that AdamW was given in a step, from how its first moment changed."""
    before, after = (load_file(folder / f"step-{step}.safetensors") for step in (number - 1, number))
    gradients = [(after[name].double() - beta1 * before[name].double()) / (1 - beta1)
                 for name in after if name.startswith("first_moment.")]
    return torch.cat([gradient.flatten() for gradient in gradients]).norm().item()


def check_warmup(name, folder, config):
    steps = json.loads((folder / "warmup/steps.json").read_text())
    settings, norms = config["warmup"]["optimizer"], []
    comparison = Comparison(f"{name}: warm-up", folder / "warmup", folder / "start", config, settings, steps["total_steps"])
    weights = {weight for step in steps["steps"] for example in step["examples"] for weight in example["slot_weights"]}
    assert len(weights) >= 2, f"{name}: all slots weigh {weights}"
    for number, step in enumerate(steps["steps"], 1):
        for taken in comparison.take(lambda policy: (sft_loss(policy, step["examples"]), {})):
            close(f"{name}: loss of step {number}", step["loss"], taken["loss"], 1e-6)
            most = settings["max_grad_norm"] or taken["grad_norm"]
            close(f"{name}: gradient of step {number}", applied_norm(folder / "warmup", number, settings["beta1"]),
                  min(taken["grad_norm"], most), 1e-5)
            norms.append(taken["grad_norm"])
    comparison.finish(norms)


def check_credit(name, config, coefficient, requests, policy):
    """The old log-probs and values are the policy's, and what follows from them and the rewards is right."""
    pages = [page for request in requests for page in request["pages"]]
    with torch.no_grad():
        scored = [score_page(policy, request["prompt"], page) for request in requests for page in request["pages"]]
    right, divergence = credit(config["ppo"], coefficient, policy.shape, pages)
    right["old_log_probs"] = torch.cat([log_probs for log_probs, _, _ in scored])
    right["old_values"] = torch.cat([values for _, _, values in scored])
    for what, values in right.items():
        ours = torch.cat([torch.tensor(page[what], dtype=torch.double) for page in pages])
        assert largest([ours - values]) <= 1e-5, f"{name}: {what} differ by {largest([ours - values])}"
    return divergence


def check_metrics(name, metrics, taken):
    """What is reported of an iteration, against the reports of its steps."""
    total = {key: sum(step[key] for step in taken) for key in taken[0]}
    right = {
        "policy_loss": total["policy_loss"] / len(taken), "value_loss": total["value_loss"] / len(taken),
        "entropy": total["entropy"] / total["tokens"], "clip_fraction": total["clipped"] / total["tokens"],
        "value_clip_fraction": total["value_clipped"] / total["tokens"],
        "approximate_kl": total["old_minus_new"] / total["tokens"], "grad_norm": total["grad_norm"] / len(taken),
        "learning_rate": taken[-1]["learning_rate"],
    }
    for key, value in right.items():
        close(f"{name}: {key}", metrics[key], value, 3e-6)
    return right


def next_coefficient(ppo, coefficient, divergence):
    if ppo["kl"] == "fixed":
        return coefficient
    error = max(-0.2, min(0.2, divergence / ppo["kl_target"] - 1))
    return coefficient * (1 + error / 10)  # over ten iterations' pages


def check_ppo(name, folder, config):
    ppo, norms, seen = config["ppo"], [], {}
    iterations = json.loads((folder / "ppo/steps.json").read_text())["iterations"]
    comparison = Comparison(f"{name}: PPO", folder / "ppo", folder / "start", config, ppo["optimizer"],
                            ppo["iterations"] * ppo["epochs"] * ppo["mini_batches"])
    coefficient = ppo["kl_coefficient"]
    for iteration in iterations:
        requests, metrics = iteration["requests"], iteration["metrics"]
        divergence = check_credit(name, config, coefficient, requests, comparison.policies()[1])
        close(f"{name}: divergence", metrics["kl_per_page"], divergence, 1e-5)
        close(f"{name}: coefficient", metrics["kl_coefficient"], coefficient, 1e-6)
        taken = [comparison.take(lambda policy: ppo_loss(policy, config, coefficient, [requests[r] for r in chosen]))
                 for chosen in iteration["steps"]]
        for of_dtype in zip(*taken):
            for key, value in check_metrics(name, metrics, of_dtype).items():
                seen.setdefault(key, []).append(value)
            seen.setdefault("dual_clipped", []).append(sum(step["dual_clipped"] for step in of_dtype))
            norms += [step["grad_norm"] for step in of_dtype]
        coefficient = next_coefficient(ppo, coefficient, divergence)
    assert len(iterations) == ppo["iterations"] + 1, "the run ends with a measurement"
    check_exercised(name, ppo, iterations, seen)
    comparison.finish(norms)


def check_exercised(name, ppo, iterations, seen):
    """The configured corners were there to be wrong about: clips, importance weights, a divergence."""
    if ppo["epochs"] * ppo["mini_batches"] > 1:
        assert 0 < max(seen["clip_fraction"]) < 1, f"{name}: clip fractions {seen['clip_fraction']}"
        assert ppo["clip_value"] == 0 or 0 < max(seen["value_clip_fraction"]) < 1, f"{name}: no value was clipped"
    assert (max(seen["dual_clipped"]) > 0) == (ppo["dual_clip"] > 0), f"{name}: the dual clip decided nothing"
    pages = [page for iteration in iterations for request in iteration["requests"] for page in request["pages"]]
    weights = {weight for page in pages for weight in page["importance"]}
    assert (len(weights) > 10) == (ppo["max_staleness"] > 0), f"{name}: {len(weights)} importance weights"
    apart = [abs(old - reference) for page in pages for old, reference in zip(page["old_log_probs"], page["reference_log_probs"])]
    assert max(apart) > 0.01, f"{name}: the reference is the policy"


def take_steps(program, work):
    """{name: (folder, configuration)} of all variants, their steps taken."""
    taken = {}
    for name, (prompt, changes) in VARIANTS.items():
        folder, config = work / name.replace(", ", "-"), configuration(prompt, changes)
        folder.mkdir()
        (folder / "config.yaml").write_text(json.dumps(config))
        done = subprocess.run([program, folder / "config.yaml", folder], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{name}: training_steps ended with {done.returncode}:\n{done.stderr}"
        taken[name] = folder, config
    return taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pagewright", required=True)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name, (folder, config) in take_steps(arguments.programs / "training_steps", arguments.work).items():
        check_warmup(name, folder, config)
        check_ppo(name, folder, config)


if __name__ == "__main__":
    main()
