"""Projections of a latent space: principal components and back, rows and what lies between them, wrong input."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.projection import project

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(200, 6)) * np.array([5, 0.2, 3, 0.1, 0.4, 0.3]) + np.arange(6)


def test_principal_components_keep_the_most_variance_and_lead_back() -> None:
    space = project(ROWS)
    variances = np.linalg.svd(ROWS - ROWS.mean(axis=0), compute_uv=False) ** 2
    np.testing.assert_allclose((space.points**2).sum(axis=0), variances[:2], rtol=1e-10)
    assert space.exact
    shares = variances / variances.sum()
    assert space.axes == tuple(f"PC {i + 1} ({100 * shares[i]:.0f} % of the variance)" for i in range(2))
    places = RNG.normal(size=(9, 2))
    np.testing.assert_allclose(space.to_plane(space.to_latent(places)), places, atol=1e-12)
    np.testing.assert_allclose(space.to_plane(ROWS[:5]), space.points[:5])


def test_two_dimensions_come_back_whole() -> None:
    rows = RNG.normal(size=(50, 2))
    space = project(rows)
    np.testing.assert_allclose(space.to_latent(space.points), rows, atol=1e-12)


def test_picture_does_not_depend_on_the_order_of_the_rows() -> None:
    order = RNG.permutation(len(ROWS))
    np.testing.assert_allclose(project(ROWS[order]).points, project(ROWS).points[order], atol=1e-9)


def test_tsne_keeps_clusters_apart_and_its_rows_in_place() -> None:
    pytest.importorskip("sklearn")
    rows = np.concatenate([RNG.normal(size=(30, 5)) * 0.1 + centre for centre in (0.0, 8.0)])
    space = project(rows, "tsne", seed=1)
    assert not space.exact
    distance = np.linalg.norm(space.points[:, None] - space.points[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert ((distance.argmin(axis=1) < 30) == (np.arange(60) < 30)).all()
    np.testing.assert_allclose(space.to_latent(space.points[7:9]), rows[7:9])
    np.testing.assert_allclose(space.to_plane(rows[7:9]), space.points[7:9])
    between = space.to_latent(space.points[7:8] + 1e-3)
    assert rows.min() <= between.min() and between.max() <= rows.max()


@pytest.mark.parametrize(("method", "package"), [("umap", "umap"), ("tsne", "sklearn")])
def test_missing_package_is_one_line(method: Any, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true_import = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(name)
        return true_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="pip install .*, or use pca$"):
        project(ROWS, method)


@pytest.mark.parametrize(
    ("rows", "method", "message"),
    [
        (ROWS, "mds", "Unknown projection 'mds': give pca, tsne, umap"),
        (ROWS[:, :1], "pca", r"A projection got an array of shape (200, 1): give (n, d)"),
        (ROWS[:2], "pca", r"A projection got an array of shape (2, 6)"),
        (np.where(ROWS > 11, np.nan, ROWS), "pca", "A projection got numbers that do not exist"),
    ],
)
def test_wrong_input_is_one_line(rows: Any, method: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        project(rows, method)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_vectors_of_the_wrong_size_are_refused() -> None:
    space = project(ROWS)
    with pytest.raises(InputError, match=r"Latent vectors have the shape \(1, 5\): give \(m, 6\)"):
        space.to_plane(ROWS[:1, :5])
    with pytest.raises(InputError, match=r"Places have the shape \(2,\): give \(m, 2\)"):
        space.to_latent(np.zeros(2))
