from pathlib import Path

from skel.training.folder_names import telling_names


def test_as_much_of_the_way_as_tells_them_apart():
    assert telling_names([Path("a/one"), Path("b/two")]) == ["one", "two"]
    assert telling_names([Path("a/set"), Path("b/set"), Path("b/other")]) == ["a/set", "b/set", "other"]
    assert telling_names([Path("x/a/set"), Path("y/a/set")]) == ["x/a/set", "y/a/set"]
    assert telling_names([Path("set")]) == ["set"]


def test_where_one_is_told_by_how_it_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert telling_names([Path(), Path("inside")]) == [tmp_path.name, "inside"]
