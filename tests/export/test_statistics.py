import numpy as np

from skel.export.options import ExportOptions
from skel.export.pipeline import export
from skel.export.statistics import CLIPS_A_CLASS, embedding_statistics
from skel.models.runtime import OnnxModel
from skel.training.dataset import load_split
from skel.training.labelled import LABELLED_FILE
from skel.training.splits import few_labels, subset, unique_names, write_names


def test_a_file_carries_the_statistics_of_its_training_clips(make_run, prepared, tmp_path, capsys):
    classes = load_split(prepared, "train").classes
    run = make_run(tmp_path / "run", classes=classes, config={"data": [str(prepared)]})
    export(ExportOptions((run,), tmp_path / "out.onnx"))
    assert "no training clips" not in capsys.readouterr().err
    model, data = OnnxModel(tmp_path / "out.onnx", "cpu"), load_split(prepared, "train")
    assert model.statistics is not None
    assert model.statistics.counts.tolist() == [8, 8, 8]
    embeddings = model(data.clips)[1]
    means = [embeddings[data.labels == k].mean(axis=0) for k in range(3)]
    np.testing.assert_allclose(model.statistics.means, means, rtol=2e-3, atol=2e-3)


def test_only_the_labels_that_the_run_had_go_into_its_file(make_run, prepared, tmp_path):
    data = load_split(prepared, "train")
    run = make_run(tmp_path / "run", classes=data.classes, config={"data": [str(prepared)]})
    few = few_labels(data, 0.4, seed=0)
    write_names(run / LABELLED_FILE, unique_names(few))
    export(ExportOptions((run,), tmp_path / "out.onnx"))
    model = OnnxModel(tmp_path / "out.onnx", "cpu")
    assert model.statistics is not None
    assert model.statistics.counts.tolist() == [3, 3, 3]
    means = [model(few.clips)[1][few.labels == k].mean(axis=0) for k in range(3)]
    np.testing.assert_allclose(model.statistics.means, means, rtol=2e-3, atol=2e-3)


class Model:
    def __call__(self, clips):
        return np.zeros((len(clips), 3)), clips.reshape(len(clips), -1)[:, :6]


def test_of_many_clips_some_of_each_class_are_drawn(prepared):
    data = load_split(prepared, "train")
    many = subset(data, np.tile(np.arange(len(data)), 10))
    found = embedding_statistics(Model(), many)
    assert found.counts.tolist() == [CLIPS_A_CLASS] * 3


def test_nothing_that_differs_is_no_statistics(prepared):
    data = load_split(prepared, "train")
    assert embedding_statistics(Model(), subset(data, np.array([0, 0]))) is None
    assert embedding_statistics(Model(), subset(data, np.array([], int))) is None
