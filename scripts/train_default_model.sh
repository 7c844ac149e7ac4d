#!/usr/bin/env bash
# Make the model that ships with the program, models/pretrained/default.onnx, from the raw recordings and the synthetic actor.
# Usage: scripts/train_default_model.sh FOLDER_OF_RAW_ZIPS WORK_FOLDER     (training took 32 minutes on one thread)
set -euo pipefail
raw=$1 work=$2
pretrained=$(cd "$(dirname "$0")/.." && pwd)/models/pretrained
sets=$work/sets runs=$work/runs

skel-data prepare utd-mhad-kinect2 --raw "$raw/utd_mhad_kinect2.zip" --out "$sets/utd-mhad-kinect2"
skel-data prepare utd-mhad --raw "$raw/utd_mhad.zip" --out "$sets/utd-mhad"
skel-data prepare synthetic --clips 500 --seed 1 --out "$sets/synthetic"

# 581 clips make few steps: the key encoder must follow faster than in the published runs of 300 epochs on 40,000 clips.
skel-train pretrain --data "$sets/utd-mhad-kinect2" "$sets/utd-mhad" --out "$runs/movement" \
    --epochs 12 --batch-size 32 --learning-rate 0.05 --schedule cosine \
    --method.momentum 0.99 --method.temperature 0.2 --method.initial-values torch --method.views.shear 0.2
skel-train finetune --data "$sets/utd-mhad-kinect2" "$sets/utd-mhad" "$sets/synthetic" \
    --classes "$pretrained/classes.json" --init "$runs/movement" --epochs 40 --out "$runs/default"

for set in utd-mhad-kinect2 utd-mhad synthetic; do
    skel-train evaluate --checkpoint "$runs/default" --data "$sets/$set" --classes "$pretrained/classes.json" \
        --json "$runs/accuracy-$set.json"
done
# How it is used live, chosen by a network that learns the same from fewer people, on clips of those whom it does not know.
skel-train finetune --data "$sets/utd-mhad-kinect2" "$sets/utd-mhad" "$sets/synthetic" \
    --classes "$pretrained/classes.json" --init "$runs/movement" --epochs 40 --held-out 0.25 --out "$runs/without"
skel-train tune --checkpoint "$runs/without" --data "$sets/utd-mhad-kinect2" "$sets/utd-mhad" "$sets/synthetic" \
    --classes "$pretrained/classes.json" --out "$work/live.json" --false-alarms-per-minute 2 --most-durations 2 \
    --window-durations-s 1 1.5 2 --smoothing-s 0.1 0.2 --hysteresis 0 0.1 --streams.every 5
sed -i 's/; settings chosen there/ (by a network that learned without these people)&/' "$work/live.json"
skel-train evaluate --stream --checkpoint "$runs/default" --data "$sets/utd-mhad-kinect2" "$sets/utd-mhad" \
    --classes "$pretrained/classes.json" --live "$work/live.json" --streams.every 5 --json "$runs/stream.json"
skel-export --checkpoint "$runs/default" --live "$work/live.json" --onnx "$pretrained/default.onnx"
