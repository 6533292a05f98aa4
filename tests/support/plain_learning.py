"""Losses, credit and optimizer steps in plain torch, written from their definitions in docs/ and the papers."""

import math

import torch
from plain_policy import score_page

LOG_RATIO_LIMIT, KL_LIMIT = 20, 10  # clamps of log-ratios and of k3


def is_item(shape, tokens):
    return [token >= shape.first_item for token in tokens]


def sft_loss(policy, examples):
    """Negative log-likelihood per unit of weight; structure tokens weigh 1, items what their slot says."""
    loss, total = 0, 0
    for example in examples:
        slots = iter(example["slot_weights"])
        weights = [next(slots) if item else 1 for item in is_item(policy.shape, example["tokens"])]
        log_probs = score_page(policy, example["prompt"], example)[0]
        loss = loss - (torch.tensor(weights, dtype=log_probs.dtype) * log_probs).sum()
        total += sum(weights)
    return loss / total


def kl_estimate(kind, d):
    """Of the divergence from the reference, d the log-ratio at a sampled token."""
    d = d.clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)
    if kind == "k1":
        return d
    return d * d / 2 if kind == "k2" else ((-d).expm1() + d).clamp(-KL_LIMIT, KL_LIMIT)


def kl_penalty(kind, log_probs, reference):
    """The same as a loss term: k2 and k3_plus descend the divergence, k3 its own gradient."""
    estimate = kl_estimate(kind, log_probs - reference)
    if kind == "k3":
        return estimate
    d = (log_probs - reference).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT).detach()
    return estimate.detach() + d * (log_probs - log_probs.detach())


def column(pages, name):
    """[tokens of all pages] in double."""
    return torch.cat([torch.tensor(page[name], dtype=torch.double) for page in pages])


def credit(ppo, coefficient, shape, pages):
    """Importance weights, advantages and returns [tokens of all pages], and the divergence per page."""
    advantages, returns, divergence = [], [], 0
    for page in pages:
        old, reference, values = (column([page], name) for name in ("old_log_probs", "reference_log_probs", "old_values"))
        rewards = torch.zeros_like(old)
        if ppo["kl_in"] == "reward":
            rewards -= coefficient * kl_estimate(ppo["kl_estimator"], old - reference)
        slots = iter(page["slot_rewards"])
        for step, item in enumerate(is_item(shape, page["tokens"])):
            if item:
                rewards[step if ppo["credit"] == "per_item" else -1] += next(slots)
        rewards[-1] += page["page_reward"] + page["format_reward"]
        advantage, following = torch.zeros_like(old), 0
        for step in reversed(range(len(old))):
            next_value = values[step + 1] if step + 1 < len(old) else 0
            following = rewards[step] + ppo["gamma"] * next_value - values[step] + ppo["gamma"] * ppo["lambda"] * following
            advantage[step] = following
        advantages.append(advantage)
        returns.append(advantage + values)
        divergence += (importance(page, 100) * (old - reference)).sum().item() / len(pages)
    advantages = torch.cat(advantages)
    if ppo["whiten"]:
        advantages = (advantages - advantages.mean()) / (advantages.var() + 1e-8).sqrt()
    weights = torch.cat([importance(page, ppo["importance_cap"]) for page in pages])
    return {"importance": weights, "advantages": advantages, "returns": torch.cat(returns)}, divergence


def importance(page, cap):
    old, behaviour = column([page], "old_log_probs"), column([page], "behaviour_log_probs")
    ratio = (old - behaviour).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT).exp()
    return ratio.clamp(max=cap) if cap > 0 else torch.ones_like(ratio)


def longest_page(schema):
    return 1 + sum(2 + schema["section_types"][name]["max_slots"] for name in schema["section_order"])


def aggregation_weights(mode, pages, schema):
    """Weight of each token of a mini-batch."""
    lengths = [len(page["tokens"]) for page in pages]
    each = {
        "token_mean": lambda length: 1 / sum(lengths),
        "seq_mean_token_sum": lambda length: 1 / len(pages),
        "seq_mean_token_mean": lambda length: 1 / (len(pages) * length),
        "seq_mean_token_sum_norm": lambda length: 1 / (len(pages) * longest_page(schema)),
    }[mode]
    return torch.tensor([each(length) for length in lengths for _ in range(length)], dtype=torch.double)


def ppo_loss(policy, config, coefficient, requests):
    """The loss of a mini-batch, and what is reported of it."""
    ppo, dtype = config["ppo"], policy["value_head.bias"].dtype
    pages = [page for request in requests for page in request["pages"]]
    scored = [score_page(policy, request["prompt"], page) for request in requests for page in request["pages"]]
    log_probs, entropy, values = (torch.cat(part) for part in zip(*scored))
    old, old_values, reference, weights, advantages, returns = (
        column(pages, name).to(dtype)
        for name in ("old_log_probs", "old_values", "reference_log_probs", "importance", "advantages", "returns"))

    ratio = (log_probs - old).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT).exp()
    clipped = ratio.clamp(1 - ppo["clip"], 1 + ppo["clip_high"])
    surrogate = -torch.minimum(advantages * ratio, advantages * clipped)
    dual_clipped = 0
    if ppo["dual_clip"] > 0:
        dual_clipped = ((advantages < 0) & (surrogate > -ppo["dual_clip"] * advantages)).sum().item()
        surrogate = torch.where(advantages < 0, torch.minimum(surrogate, -ppo["dual_clip"] * advantages), surrogate)
    surrogate = surrogate * weights
    error = (values - returns) ** 2
    value_loss = error / 2
    if ppo["clip_value"] > 0:
        near = old_values + (values - old_values).clamp(-ppo["clip_value"], ppo["clip_value"])
        value_loss = torch.maximum(error, (near - returns) ** 2) / 2
    terms = surrogate + ppo["value_coefficient"] * value_loss - ppo["entropy_coefficient"] * entropy
    if ppo["kl_in"] == "loss":
        terms = terms + coefficient * kl_penalty(ppo["kl_estimator"], log_probs, reference) * (ratio * weights).detach()

    shares = aggregation_weights(ppo["aggregation"], pages, config["schema"]).to(dtype)
    report = {
        "policy_loss": (shares * surrogate).sum().item(),
        "value_loss": (shares * value_loss).sum().item(),
        "tokens": len(old),
        "entropy": entropy.sum().item(),
        "clipped": (advantages * ratio > advantages * clipped).sum().item(),
        "dual_clipped": dual_clipped,
        "value_clipped": ((near - returns) ** 2 > error).sum().item() if ppo["clip_value"] > 0 else 0,
        "old_minus_new": (old - log_probs).sum().item(),
    }
    return (shares * terms).sum(), report


class Steps:
    """AdamW of torch: matrices are decayed, norms and biases are not; the global norm of the gradient is clipped; the
    learning rate rises linearly and falls as a cosine."""

    def __init__(self, policy, settings, total):
        self.policy, self.settings, self.total, self.taken = policy, settings, total, 0
        groups = [
            {"params": [p for p in policy.parameters.values() if p.dim() > 1], "weight_decay": settings["weight_decay"]},
            {"params": [p for p in policy.parameters.values() if p.dim() == 1], "weight_decay": 0},
        ]
        self.adamw = torch.optim.AdamW(groups, betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"])

    def rate(self):
        peak, rise, last = (self.settings[name] for name in ("learning_rate", "warmup_steps", "final_fraction"))
        if self.taken < rise:
            return peak * (self.taken + 1) / (rise + 1)
        cosine = (1 + math.cos(math.pi * (self.taken - rise) / (self.total - rise))) / 2
        return peak * (last + (1 - last) * cosine)

    def take(self, loss):
        """Returns the norm of the gradient before clipping, and the learning rate."""
        self.adamw.zero_grad()
        loss.backward()
        for parameter in self.policy.parameters.values():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        rate = self.rate()
        for group in self.adamw.param_groups:
            group["lr"] = rate
        most = self.settings["max_grad_norm"] or math.inf
        norm = torch.nn.utils.clip_grad_norm_(self.policy.parameters.values(), most).item()
        self.adamw.step()
        self.taken += 1
        return norm, rate

    def moments(self, name):
        state = self.adamw.state[self.policy.parameters[name]]
        return state["exp_avg"], state["exp_avg_sq"]
