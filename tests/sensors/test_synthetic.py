"""The synthetic sensor: whole performances, noise and gaps, and the same frame by frame."""

import numpy as np
import pytest

from skel.sensors.actor_stage import Stage, StageOptions
from skel.sensors.base import SensorTimeout
from skel.sensors.synthetic import IDLE, SyntheticSensor, perform
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import NTU25

JOINT = NTU25.index


class TestPerform:
    def test_the_same_seed_gives_the_same_frames(self):
        options = {"persons": 2, "jitter_m": 0.01, "occlusion": 0.3, "drop_rate": 0.1}
        first, again, other = perform(5, 10.0, **options), perform(5, 10.0, **options), perform(6, 10.0, **options)
        np.testing.assert_array_equal(first.positions_m, again.positions_m)
        assert first.segments == again.segments
        assert first.positions_m.shape != other.positions_m.shape or (first.positions_m != other.positions_m).any()

    def test_seeds_vary_the_person(self):
        takes = [perform(seed, 1.0).positions_m[0, 0] for seed in range(40)]
        heights = [take[JOINT("Head"), 1] - take[JOINT("LeftFoot"), 1] for take in takes]
        distances = [take[JOINT("SpineBase"), 2] for take in takes]
        across = np.array([take[JOINT("RightShoulder")] - take[JOINT("LeftShoulder")] for take in takes])
        yaw_deg = np.degrees(np.arctan2(across[:, 2], across[:, 0]))
        assert max(heights) - min(heights) > 0.25
        assert (np.array(distances) > 1.8).all()
        assert (np.array(distances) < 4.2).all()
        assert yaw_deg.std() > 8
        assert np.abs(yaw_deg).max() < 42

    def test_no_action_is_cut_short(self):
        for seed in range(6):
            take = perform(seed, 7.0)
            assert all(segment.end_s <= take.duration_s for segment in take.segments)
            assert len(take) == 210

    def test_jitter_is_noise_of_that_size(self):
        clean, noisy = perform(2, 5.0), perform(2, 5.0, jitter_m=0.01)
        assert (noisy.positions_m - clean.positions_m).std() == pytest.approx(0.01, rel=0.03)

    def test_occlusion_hides_limbs_for_that_share_of_the_time(self):
        take = perform(2, 300.0, fps=10.0, occlusion=0.3)
        hidden = np.isnan(take.positions_m[:, 0]).any(axis=(1, 2)).mean()
        assert 0.2 < hidden < 0.4
        assert np.isfinite(take.positions_m[:, 0, JOINT("SpineShoulder")]).all()

    def test_dropped_frames_leave_a_hole_in_time(self):
        take = perform(2, 30.0, drop_rate=0.1)
        assert take.times_s[0] == 0
        assert 0.85 < len(take) / 900 < 0.95
        np.testing.assert_allclose(np.diff(take.times_s) * 30, np.round(np.diff(take.times_s) * 30), atol=1e-6)
        assert np.diff(take.times_s).max() > 1.5 / 30

    def test_persons_keep_apart_and_do_different_things(self):
        take = perform(3, 20.0, persons=2, script=["wave", "squat"])
        hips = take.positions_m[:, :, JOINT("SpineBase")]
        assert np.linalg.norm((hips[:, 0] - hips[:, 1])[:, [0, 2]], axis=-1).min() > 0.4
        one = perform(3, 20.0, script=["wave", "squat"])
        assert one.segments == take.segments

    @pytest.mark.parametrize(
        "options",
        [
            {"script": ["wave", "moonwalk"]},
            {"script": []},
            {"persons": 0},
            {"fps": 0.0},
            {"jitter_m": -1.0},
            {"occlusion": 1.0},
            {"drop_rate": float("nan")},
            {"seed": -1},
            {"duration_s": 0.0},
        ],
    )
    def test_a_wrong_value_is_told_in_one_line(self, options: dict):
        with pytest.raises(UserError, match=r"^synthetic sensor.*[^\n]$"):
            perform(**options)

    def test_an_unknown_action_lists_the_known_ones(self):
        with pytest.raises(UserError, match="cannot perform 'moonwalk': actions are swipe left, swipe right, wave"):
            perform(script=["moonwalk"])


class TestSensor:
    def test_gives_what_perform_computes(self):
        options = {"persons": 2, "jitter_m": 0.01, "occlusion": 0.3, "drop_rate": 0.2}
        take = perform(9, 20.0, **options)
        with SyntheticSensor(9, **options, real_time=False) as sensor:
            frames = [sensor.read(0.0) for _ in range(len(take) // 2)]  # perform ends in a pause, the sensor goes on
        np.testing.assert_allclose(
            np.stack([frame.positions_m for frame in frames]), take.positions_m[: len(frames)], atol=1e-6
        )
        np.testing.assert_array_equal([frame.time_s for frame in frames], take.times_s[: len(frames)])
        np.testing.assert_array_equal([frame.index for frame in frames], np.round(take.times_s[: len(frames)] * 30))

    def test_chunks_of_any_length_add_up(self):
        options = StageOptions(seed=1, jitter_m=0.01, occlusion=0.4, drop_rate=0.1)
        whole, parts = Stage(options).frames(300), Stage(options)
        pieces = [parts.frames(count) for count in (1, 7, 92, 200)]
        for i in range(3):
            np.testing.assert_allclose(np.concatenate([piece[i] for piece in pieces]), whole[i], atol=1e-6)

    def test_tells_what_everybody_truly_does(self):
        take = perform(4, 30.0, script=["wave", "clap"])
        with SyntheticSensor(4, script=["wave", "clap"], persons=2, real_time=False) as sensor:
            labels = []
            for _ in range(600):
                frame = sensor.read()
                labels.append(sensor.labels_at(frame.time_s))
        for time_s, label in zip(take.times_s, labels):
            true = next((s.label for s in take.segments if s.start_s <= time_s < s.end_s), IDLE)
            assert label[0] == true
        assert {label[1] for label in labels} == {"wave", "clap", IDLE}

    def test_memory_of_the_past_is_bounded(self):
        with SyntheticSensor(0, fps=5.0, real_time=False) as sensor:
            for _ in range(3000):
                sensor.read()
            assert len(sensor._stage.actors[0].segments) < 60

    def test_real_time_waits_and_without_it_nothing_does(self):
        with SyntheticSensor(fps=1.0) as sensor:
            sensor.read(0.0)
            with pytest.raises(SensorTimeout):
                sensor.read(0.0)
        with SyntheticSensor(fps=1.0, real_time=False) as sensor:
            assert [sensor.read(0.0).index for _ in range(3)] == [0, 1, 2]
