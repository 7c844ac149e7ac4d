"""PKU-MMD: equal to the published parsing where that is asked for, cut by its labels, split by its lists."""

import gzip
import zipfile

import numpy as np
import pytest
from raw_files import people, pku_rows, write_pku

from skel.skeleton.errors import UserError
from skel.training.raw import BadRecording, Excluded, Options, RawClip, RawFiles, Untrimmed
from skel.training.readers.pku_classes import PKU_CLASSES, PKU_MUTUAL_CLASSES
from skel.training.readers.pku_mmd import parse
from skel.training.reference import MOST_FRAMES
from skel.training.segments import recording_of
from skel.training.sources import READERS, Recorded


def found_in(folder, dataset="pku-mmd", **options):
    with RawFiles(folder) as files:
        opened = READERS[dataset].open(files, Options(**options))
        return [found for name in opened.names for found in opened.read(name)]


def clips_in(folder, dataset="pku-mmd", **options):
    return {clip.name: clip for clip in found_in(folder, dataset, **options) if isinstance(clip, RawClip)}


def rows_of_golden_text(text):
    """The frames of the sample, which has one header a frame, as rows of 150 numbers in their own digits."""
    lines = iter(text.splitlines())
    rows = []
    for _ in range(int(next(lines))):
        bodies, _, joints = int(next(lines)), next(lines), int(next(lines))
        row = [value for _ in range(bodies * joints) for value in next(lines).split()]
        rows.append(" ".join(row + ["0"] * (150 - len(row))))
    return rows


def test_golden_parsing(shared, tmp_path):
    write_pku(tmp_path, recordings=1, frames=5)
    rows = rows_of_golden_text(gzip.decompress((shared / "golden" / "pku_sample.skeleton.gz").read_bytes()).decode())
    assert len(rows) == 310
    (tmp_path / "PKU_Skeleton" / "0002-L.txt").write_text("\n".join(["9 " * 150, *rows, "9 " * 150]))
    (tmp_path / "Label_PKU" / "0002-L.txt").write_text(f"7,2,{1 + len(rows)},1\n")
    clip = clips_in(tmp_path, people="reference")["F002V001C007L001"]
    golden = np.load(shared / "golden" / "raw_parsing.npz")["pku"]
    assert golden.shape[1] == MOST_FRAMES
    np.testing.assert_array_equal(clip.positions_m.transpose(3, 0, 2, 1), golden)


def test_clips_are_the_labelled_rows(tmp_path):
    sides = write_pku(tmp_path, recordings=2, segments=2, frames=30)
    clips = clips_in(tmp_path)
    assert sorted(clips) == [
        f"F00{2 + n}V00{view}C00{1 + n + i}L00{1 + i}" for n in range(2) for view in (1, 3) for i in range(2)
    ]
    clip = clips["F002V001C001L001"]
    rows = np.array((tmp_path / "PKU_Skeleton" / "0002-L.txt").read_text().split(), float).reshape(-1, 2, 25, 3)
    np.testing.assert_allclose(clip.positions_m[:, 0], rows[30:60, 0], rtol=1e-6)
    assert (clip.label, clip.subject, len(clip.positions_m)) == ("bow", -1, 30)
    assert clip.positions_m.shape[1] == 1
    assert clips["F002V001C002L002"].positions_m.shape[1] == 2
    assert sides["train"] == ["0002-L", "0002-R"]
    assert {name[:8]: tuple(clip.parts.items()) for name, clip in clips.items()} == {
        "F002V001": (("xsub", "train"), ("xview", "train")),
        "F002V003": (("xsub", "train"), ("xview", "val")),
        "F003V001": (("xsub", "val"), ("xview", "train")),
        "F003V003": (("xsub", "val"), ("xview", "val")),
    }


def test_part_two(tmp_path):
    write_pku(tmp_path, recordings=2, segments=1, frames=13, part=2)
    clips = clips_in(tmp_path, "pku-mmd-2")
    assert list(clips) == [f"A001N00{n}V00{view}C00{n}L001" for n in (1, 2) for view in (1, 3)]
    assert {clip.subject for clip in clips.values()} == {1, 2}


def test_recordings_keep_their_labels_and_pauses_can_be_cut(tmp_path):
    write_pku(tmp_path, recordings=2, segments=2, frames=45)
    takes = [found for found in found_in(tmp_path) if isinstance(found, Untrimmed)]
    assert [take.name for take in takes] == ["F002V001", "F002V003", "F003V001", "F003V003"]
    assert [(s.start_s, s.end_s, s.label) for s in takes[0].recording.segments] == [
        (1.5, 3, "bow"),
        (4.5, 6, "brushing hair"),
    ]
    assert np.isnan(takes[0].recording.positions_m[45:90, 1]).all()
    idle = [clip for clip in clips_in(tmp_path, pauses=True).values() if clip.label == "idle"]
    assert [len(clip.positions_m) for clip in idle] == [45] * 12
    assert {recording_of(name) for name in clips_in(tmp_path, pauses=True)} == {take.name for take in takes}


def test_the_sum_of_the_second_person_decides_in_the_published_parsing(tmp_path):
    write_pku(tmp_path, recordings=1, segments=1, frames=20)
    persons = np.abs(people(1, 60, 2))
    persons[25, 1, :, :2], persons[25, 1, :, 2] = 1, -2  # sums to 0
    (tmp_path / "PKU_Skeleton" / "0002-L.txt").write_text(pku_rows(persons))
    clip = clips_in(tmp_path, people="reference")["F002V001C001L001"]
    assert np.flatnonzero(~clip.positions_m[:, 1].any(axis=(1, 2))).tolist() == [5]


@pytest.mark.parametrize("row", ["0,21,40,1", "52,21,40,1", "3,0,40,1", "3,50,40,1", "3,900,990,1"])
def test_label_rows_that_cannot_be(tmp_path, row):
    write_pku(tmp_path, recordings=1, segments=1, frames=20)
    (tmp_path / "Label_PKU" / "0002-L.txt").write_text(f"{row}\n1,21,40,2\n")
    found = found_in(tmp_path)
    reason = next(item.reason for item in found if isinstance(item, Excluded))
    assert reason.startswith("its label row says")
    assert "F002V001C001L002" in clips_in(tmp_path)


def test_recordings_without_labels_or_protocol_are_left_out(tmp_path):
    write_pku(tmp_path, recordings=2, segments=1, frames=13)
    (tmp_path / "Label_PKU" / "0002-L.txt").unlink()
    (tmp_path / "PKU_Skeleton" / "0099-M.txt").write_text(pku_rows(people(1, 5)))
    reasons = {item.file: item.reason for item in found_in(tmp_path) if isinstance(item, Excluded)}
    assert reasons == {"PKU_Skeleton/0002-L.txt": "has no label file", "PKU_Skeleton/0099-M.txt": "no protocol lists it"}


def test_damaged_files_of_an_archive_are_left_out_alone(tmp_path):
    write_pku(tmp_path / "raw", recordings=2, segments=1, frames=13)
    (tmp_path / "raw" / "Label_PKU" / "0002-R.txt").write_text("inf,1,2,2\n")
    archive = tmp_path / "pku.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted((tmp_path / "raw").rglob("*.txt")):
            file.write(path, path.relative_to(tmp_path / "raw"))
        damaged = file.getinfo("PKU_Skeleton/0003-L.txt")
    content = bytearray(archive.read_bytes())
    start = damaged.header_offset + 30 + len(damaged.filename)
    content[start : start + 40] = b"\xff" * 40
    archive.write_bytes(content)
    with Recorded("pku-mmd", (archive,)).reading() as read:
        for name, reason in (("0003-L", "cannot be read"), ("0002-R", "label file that is not rows")):
            with pytest.raises(BadRecording, match=reason):
                list(read(f"PKU_Skeleton/{name}.txt"))
        assert len(list(read("PKU_Skeleton/0002-L.txt"))) == 2


@pytest.mark.parametrize(
    ("gone", "match"), [("Label_PKU/*.txt", "holds no label files"), ("Split/*.txt", "neither protocol of PKU-MMD")]
)
def test_what_belongs_to_the_set_is_asked_for(tmp_path, gone, match):
    write_pku(tmp_path, recordings=1, segments=1, frames=13)
    for path in tmp_path.glob(gone):
        path.unlink()
    with pytest.raises(UserError, match=match):
        found_in(tmp_path)


def test_one_protocol_is_enough(tmp_path):
    write_pku(tmp_path, recordings=1, segments=1, frames=13)
    (tmp_path / "Split" / "cross-view.txt").unlink()
    assert {tuple(clip.parts) for clip in clips_in(tmp_path).values()} == {("xsub",)}
    (tmp_path / "Split" / "cross-subject.txt").write_text("Training videos:\n\nTesting\n")
    with pytest.raises(UserError, match="lines 2 and 4"):
        found_in(tmp_path)


@pytest.mark.parametrize(
    ("content", "match"),
    [(b"", "is empty"), (b"1 2 3", "rows of 150"), (b"a " * 150, "not a text of numbers"), (b"nan " * 150, "not finite")],
)
def test_broken_rows(content, match):
    with pytest.raises(BadRecording, match=match):
        parse(content)


def test_classes_of_two_people_are_classes():
    assert set(PKU_MUTUAL_CLASSES) <= set(PKU_CLASSES)
    assert {name for name in PKU_CLASSES if "other person" in name} <= set(PKU_MUTUAL_CLASSES)
