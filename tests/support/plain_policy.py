"""A policy of pages in plain torch, sample by sample: a second opinion on everything that pagewright packs, shares and
fuses. `PlainPolicy` is written from the equations; `HuggingFacePolicy` leaves the transformer to `transformers`."""

import dataclasses
import json
import math

import torch
from safetensors.torch import load_file


@dataclasses.dataclass
class Shape:
    """What config.json and the schema say of a model and its vocabulary."""

    layers: int
    heads: int
    kv_heads: int
    head_size: int
    dim: int
    eps: float
    theta: float
    tied: bool
    layout_begin: int
    first_item: int

    @staticmethod
    def read(folder, config):
        hf = json.loads((folder / "config.json").read_text())
        schema = config["schema"]
        first_item = hf["vocab_size"] - schema["max_candidates"]
        return Shape(
            layers=hf["num_hidden_layers"], heads=hf["num_attention_heads"], kv_heads=hf["num_key_value_heads"],
            head_size=hf["head_dim"], dim=hf["hidden_size"], eps=hf["rms_norm_eps"], theta=hf["rope_theta"],
            tied=hf["tie_word_embeddings"], layout_begin=first_item - len(schema["section_types"]) - 3,
            first_item=first_item,
        )


def rms_norm(x, weight, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rotate(x, theta):
    """Rotary positions of x [T, heads, head_size], the two halves of a head making the pairs."""
    length, _, size = x.shape
    frequency = theta ** (-torch.arange(0, size, 2, dtype=x.dtype) / size)
    angle = torch.outer(torch.arange(length, dtype=x.dtype), frequency).repeat(1, 2)[:, None, :]
    low, high = x.chunk(2, dim=-1)
    return x * angle.cos() + torch.cat([-high, low], dim=-1) * angle.sin()


class PlainPolicy:
    """Its `parameters` are leaves by their names in the files of `folder`."""

    def __init__(self, folder, shape, dtype):
        self.shape = shape
        tensors = {**load_file(folder / "model.safetensors"), **load_file(folder / "heads.safetensors")}
        self.parameters = {name: torch.nn.Parameter(tensor.to(dtype)) for name, tensor in tensors.items()}

    def __getitem__(self, name):
        return self.parameters[name]

    def attention(self, x, prefix):
        shape, length = self.shape, len(x)
        query = rotate((x @ self[prefix + "q_proj.weight"].T).view(length, shape.heads, -1), shape.theta)
        key = rotate((x @ self[prefix + "k_proj.weight"].T).view(length, shape.kv_heads, -1), shape.theta)
        value = (x @ self[prefix + "v_proj.weight"].T).view(length, shape.kv_heads, -1)
        group = shape.heads // shape.kv_heads
        key, value = key.repeat_interleave(group, dim=1), value.repeat_interleave(group, dim=1)
        scores = torch.einsum("qhd,khd->hqk", query, key) / math.sqrt(shape.head_size)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        mixed = torch.einsum("hqk,khd->qhd", scores.masked_fill(later, -math.inf).softmax(-1), value)
        return mixed.reshape(length, -1) @ self[prefix + "o_proj.weight"].T

    def feed_forward(self, x, prefix):
        gate = x @ self[prefix + "gate_proj.weight"].T
        return (gate * torch.sigmoid(gate) * (x @ self[prefix + "up_proj.weight"].T)) @ self[prefix + "down_proj.weight"].T

    def forward(self, bags):
        """Hidden states [T, dim] and logits [T, vocabulary] of positions given as lists of ids."""
        x = torch.stack([self["model.embed_tokens.weight"][bag].sum(0) for bag in bags])
        for layer in range(self.shape.layers):
            prefix = f"model.layers.{layer}."
            x = x + self.attention(rms_norm(x, self[prefix + "input_layernorm.weight"], self.shape.eps), prefix + "self_attn.")
            x = x + self.feed_forward(rms_norm(x, self[prefix + "post_attention_layernorm.weight"], self.shape.eps), prefix + "mlp.")
        hidden = rms_norm(x, self["model.norm.weight"], self.shape.eps)
        return hidden, hidden @ self["model.embed_tokens.weight" if self.shape.tied else "lm_head.weight"].T


class HuggingFacePolicy(PlainPolicy):
    """For prompts of one id a position."""

    def __init__(self, folder, shape, dtype):
        from transformers import LlamaForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.shape = shape
        self.model = LlamaForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=dtype)
        heads = load_file(folder / "heads.safetensors")
        self.parameters = dict(self.model.named_parameters())
        self.parameters.update((name, torch.nn.Parameter(tensor.to(dtype))) for name, tensor in heads.items())

    def forward(self, bags):
        assert all(len(bag) == 1 for bag in bags), "this prompt sums embeddings, which no Hugging Face model does"
        ids = torch.tensor([[bag[0] for bag in bags]])
        hidden = self.model.model(input_ids=ids, use_cache=False).last_hidden_state
        return hidden[0], self.model.lm_head(hidden)[0]


def score_page(policy, prompt, page):
    """Log-probs, entropies and values [T] of a page's tokens, each from the position before it, over what was allowed."""
    shape, tokens = policy.shape, page["tokens"]
    fields = prompt["candidate_fields"]
    inputs = [[id] + (fields[id - shape.first_item] if id >= shape.first_item else []) for id in tokens[:-1]]
    hidden, logits = policy.forward(prompt["tokens"] + inputs)
    first = len(prompt["tokens"]) - 1
    rows, scores = hidden[first:], logits[first:, shape.layout_begin:]
    if "pointer_head.q.weight" in policy.parameters:
        keys = hidden[prompt["candidate_position"]] @ policy["pointer_head.k.weight"].T
        pointers = (rows @ policy["pointer_head.q.weight"].T) @ keys.T / math.sqrt(shape.dim)
        structure = shape.first_item - shape.layout_begin
        missing = scores.shape[1] - structure - len(keys)
        scores = scores + torch.nn.functional.pad(pointers, (structure, missing))
    allowed = torch.zeros(scores.shape, dtype=torch.bool)
    for step, mask in enumerate(page["masks"]):
        allowed[step, mask] = True
    log_probs = scores.masked_fill(~allowed, -math.inf).log_softmax(-1)
    entropy = -(log_probs.exp() * log_probs.masked_fill(~allowed, 0)).sum(-1)
    targets = torch.tensor(tokens) - shape.layout_begin
    values = rows @ policy["value_head.weight"][0] + policy["value_head.bias"]
    return log_probs.gather(1, targets[:, None])[:, 0], entropy, values
