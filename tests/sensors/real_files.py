"""Reads the real recordings of the shared folder as they would come from a sensor: canonical space, NaN = not tracked."""

import csv
import io
import zipfile

import numpy as np

from skel.skeleton.layouts import AZURE32, KINECT20, NTU25


def csv_files(archive):
    """{file name: rows of text} of every CSV in a ZIP."""
    with zipfile.ZipFile(archive) as files:
        names = [name for name in files.namelist() if name.endswith(".csv")]
        texts = {name.rsplit("/", 1)[-1]: files.read(name).decode("utf-8-sig") for name in names}
    return {name: [row for row in csv.reader(io.StringIO(text)) if row] for name, text in texts.items()}


def azure_kinect(shared):
    """{name: (T, 32, 3)} of Azure Kinect body tracking: metres, x right, y down; the header names the joints."""
    recordings = {}
    for name, (header, *rows) in csv_files(shared / "data" / "azure_kinect_gym.zip").items():
        order = [header.index(_side_last(joint)) for joint in AZURE32.joints]
        values = np.array([[[float(number) for number in joint.split()] for joint in row] for row in rows])
        recordings[name] = values[:, order] * (-1, -1, 1)
    return recordings


def _side_last(joint):
    """LeftHandTip → HandTipLeft, as Microsoft's samples spell it."""
    side = next((side for side in ("Left", "Right") if joint.startswith(side)), "")
    return joint.removeprefix(side) + side


def kinect2_gestures(shared):
    """{name: (T, 25, 3)} of Kinect v2: time, then x, y, z, state a joint; state 2 = tracked, 1 = inferred, taken as not."""
    recordings = {}
    for name, rows in csv_files(shared / "data" / "labanotation_kinect2.zip").items():
        values = np.array([[float(number) for number in row if number] for row in rows])
        joints = values[:, 1:].reshape(len(values), len(NTU25), 4)
        recordings[name] = np.where(joints[..., 3:] == 2, joints[..., :3], np.nan)
    return recordings


def utd_mhad_kinect2(shared):
    """{person: (T, 25, 3)} of UTD-MHAD's Kinect v2 part, takes one after the other: metres, joints and axes as ours."""
    return of_each_person(shared / "data" / "utd_mhad_kinect2.zip", lambda file: file["S_K2"]["world"][0, 0])


def utd_mhad(shared):
    """{person: (T, 20, 3)} of UTD-MHAD, Kinect v1: metres, axes as ours, the spine's joints from the top down."""
    spine = ("Head", "ShoulderCenter", "Spine", "HipCenter")
    order = [(*spine, *KINECT20.joints[4:]).index(joint) for joint in KINECT20.joints]
    return of_each_person(shared / "data" / "utd_mhad.zip", lambda file: file["d_skel"][order])


def of_each_person(archive, joints_of, every=5):
    """Every fifth file aI_sJ_tK….mat, (V, 3, T), by the person J."""
    import scipy.io

    takes = {}
    with zipfile.ZipFile(archive) as files:
        for name in [name for name in files.namelist() if name.endswith(".mat")][::every]:
            person = int(name.rsplit("/", 1)[-1].split("_s")[1].split("_")[0])
            content = scipy.io.loadmat(io.BytesIO(files.read(name)))
            takes.setdefault(person, []).append(joints_of(content).transpose(2, 0, 1))
    return {person: np.concatenate(takes[person]) for person in sorted(takes)}


def video_poses(video, model):
    """(T, 33, 3) of the one person in a video, through MediaPipe; NaN where nobody is found."""
    from skel.sensors.opencv import import_cv2
    from skel.sensors.pose import PoseEstimator

    cv2 = import_cv2()
    capture, estimator, poses = cv2.VideoCapture(str(video)), PoseEstimator(model), []
    try:
        fps = capture.get(cv2.CAP_PROP_FPS)
        while (read := capture.read())[0]:
            found = estimator(read[1], len(poses) / fps)
            poses.append(found[0].world_m if found else np.full((33, 3), np.nan, np.float32))
    finally:
        estimator.close()
        capture.release()
    return np.stack(poses)
