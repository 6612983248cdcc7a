"""The batched trainer against a plain torch loop, and against itself one problem at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers.effects.networks import training
from helpers.effects.networks.architectures import NETWORKS
from helpers.effects.networks.problem import Problem, TrainingOptions
from helpers.effects.networks.program import Program
from helpers.effects.networks.training import predict_network, train

FAST = TrainingOptions(epochs=6, patience=2, learning_rate=5e-3, batch=32)


def make_problems(network, sizes, d=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(max(sizes) + 40, d)).astype(np.float32)
    t = rng.integers(0, 2, len(X)).astype(np.float32)
    y = t if network == "logistic" else (X[:, 0] + t * X[:, 1] + 0.1 * rng.normal(size=len(X))).astype(np.float32)
    targets = (y,) if len(NETWORKS[network].targets) == 1 else (y, t)
    rows = [rng.permutation(len(X)) for _ in sizes]
    return [Problem(X, targets, r[:n], r[n : n + 40], network, 10 + i) for i, (n, r) in enumerate(zip(sizes, rows))]


@pytest.mark.parametrize("network", list(NETWORKS))
def test_together_equals_one_by_one(network):
    problems = make_problems(network, [70, 200, 129, 33])
    together = train(problems, FAST)
    for problem, weights in zip(problems, together):
        alone = train([problem], FAST)[0]
        for name in weights:
            np.testing.assert_allclose(weights[name], alone[name], atol=2e-5, err_msg=name)


def test_a_plain_torch_loop_gives_the_same_network():
    problem = make_problems("squared", [150])[0]
    rng = np.random.default_rng(problem.seed)
    start = NETWORKS["squared"].initial(5, rng)
    model = torch.nn.Sequential(torch.nn.Linear(5, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    with torch.no_grad():
        for layer, name in ((model[0], "hidden"), (model[2], "out")):
            layer.weight.copy_(torch.from_numpy(start[f"{name}.w"]).T)
            layer.bias.copy_(torch.from_numpy(start[f"{name}.b"])[0])
    adam = torch.optim.Adam(model.parameters(), lr=FAST.learning_rate)
    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.targets[0])
    best, best_loss, stale = None, np.inf, 0
    for _ in range(FAST.epochs):
        order = rng.permutation(problem.train)
        for i in range(0, len(order), FAST.batch):
            rows = order[i : i + FAST.batch]
            adam.zero_grad()
            ((model(X[rows])[:, 0] - y[rows]) ** 2).mean().backward()
            adam.step()
        loss = ((model(X[problem.valid])[:, 0] - y[problem.valid]) ** 2).mean().item()
        stale = 0 if loss < best_loss else stale + 1
        if loss < best_loss:
            best, best_loss = model(X)[:, 0].detach().numpy().copy(), loss
        if stale == FAST.patience:
            break
    weights = train([problem], FAST)[0]
    np.testing.assert_allclose(predict_network(weights, "squared", problem.X)[:, 0], best, atol=1e-4)


def test_same_seed_same_bits_and_another_seed_another_network():
    problem = make_problems("squared", [100])[0]
    a, b = (train([problem], FAST)[0] for _ in range(2))
    assert all(np.array_equal(a[k], b[k]) for k in a)
    other = train([Problem(problem.X, problem.targets, problem.train, problem.valid, "squared", 99)], FAST)[0]
    assert not np.array_equal(a["hidden.w"], other["hidden.w"])


@pytest.mark.parametrize("network", ["tarnet", "dragonnet"])
def test_effect_networks_learn_a_varying_effect(network):
    problem = make_problems(network, [2000])[0]
    outputs = predict_network(train([problem], TrainingOptions(learning_rate=5e-3, epochs=40))[0], network, problem.X)
    tau_hat = outputs[:, 1] - outputs[:, 0]
    assert np.corrcoef(tau_hat, problem.X[:, 1])[0, 1] > 0.97


def test_early_stopping_keeps_the_best_weights():
    problem = make_problems("squared", [40])[0]
    patient = TrainingOptions(epochs=60, patience=60, learning_rate=5e-2, batch=8)
    error = []
    for s in (patient, TrainingOptions(**{**patient.__dict__, "patience": 3})):
        fitted = predict_network(train([problem], s)[0], "squared", problem.X[problem.valid])[:, 0]
        error.append(np.mean((fitted - problem.targets[0][problem.valid]) ** 2))
    assert error[0] <= error[1]


def test_empty_validation_is_refused():
    p = make_problems("squared", [10])[0]
    with pytest.raises(ValueError, match="0 validation rows"):
        train([Problem(p.X, p.targets, p.train, p.valid[:0], "squared", 0)])


def test_alike_problems_train_once(monkeypatch):
    trained = []
    monkeypatch.setattr(
        training, "Program", lambda problems, own: trained.append(len(problems)) or Program(problems, own)
    )
    one, other = make_problems("squared", [70, 129])
    copied = replace(one, X=one.X.copy(), train=one.train.copy())
    weights = train([one, other, copied, replace(one, seed=99)], FAST)
    assert trained == [3]
    np.testing.assert_array_equal(weights[0]["hidden.w"], weights[2]["hidden.w"])
    assert weights[0] is not weights[2] and np.abs(weights[0]["hidden.w"] - weights[3]["hidden.w"]).max() > 1e-3
