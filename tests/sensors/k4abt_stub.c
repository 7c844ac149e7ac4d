/* A stand-in for Microsoft's libk4abt with its ABI (k4abt.h, release 1.1): known bodies, and a count of what is held.

   Compiled by the test. Nothing of libk4a is called: calibration and capture handles are only compared. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _WIN32
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

enum { JOINTS = 32, QUEUE = 3 };
enum { SUCCEEDED = 0, FAILED = 1, TIMED_OUT = 2 };

typedef struct { float x, y, z; } float3;
typedef struct { float w, x, y, z; } quaternion;
typedef struct { float3 position; quaternion orientation; int confidence; } joint;
typedef struct { joint joints[JOINTS]; } skeleton;
typedef struct { int orientation; int processing_mode; int32_t gpu_device_id; const char *model_path; } config;
typedef struct { int queued; uint64_t answered; } tracker;
typedef struct { uint64_t number; } frame;

_Static_assert(sizeof(joint) == 32 && sizeof(skeleton) == 1024 && sizeof(config) == 24, "the ABI of k4abt 1.1");

/* What the test reads and sets. */
API int stub_trackers = 0, stub_frames = 0, stub_shutdowns = 0;
API int stub_bodies = 2, stub_full = 0, stub_silent = 0, stub_broken = 0;
API int stub_processing_mode = -1;
API char stub_model[4096] = "";
API void *stub_calibration = NULL, *stub_capture = NULL;

API int k4abt_tracker_create(const void *calibration, config wanted, tracker **made) {
  stub_calibration = (void *)calibration;
  stub_processing_mode = wanted.processing_mode;
  snprintf(stub_model, sizeof stub_model, "%s", wanted.model_path ? wanted.model_path : "");
  if (!calibration || wanted.orientation != 0 || wanted.gpu_device_id != 0 || !wanted.model_path) return FAILED;
  *made = calloc(1, sizeof(tracker));
  stub_trackers++;
  return SUCCEEDED;
}

API void k4abt_tracker_shutdown(tracker *self) { (void)self; stub_shutdowns++; }

API void k4abt_tracker_destroy(tracker *self) { free(self); stub_trackers--; }

API int k4abt_tracker_enqueue_capture(tracker *self, void *capture, int32_t timeout_ms) {
  stub_capture = capture;
  if (stub_broken) return FAILED;
  if (stub_full || self->queued == QUEUE) { usleep(1000 * (timeout_ms < 0 ? 1000000 : timeout_ms)); return TIMED_OUT; }
  self->queued++;
  return SUCCEEDED;
}

API int k4abt_tracker_pop_result(tracker *self, frame **out, int32_t timeout_ms) {
  if (stub_broken > 1) return FAILED;
  if (stub_silent || !self->queued) { usleep(1000 * (timeout_ms < 0 ? 1000000 : timeout_ms)); return TIMED_OUT; }
  self->queued--;
  *out = malloc(sizeof(frame));
  (*out)->number = self->answered++;
  stub_frames++;
  return SUCCEEDED;
}

API void k4abt_frame_release(frame *self) { free(self); stub_frames--; }

API uint32_t k4abt_frame_get_num_bodies(frame *self) { (void)self; return (uint32_t)stub_bodies; }

API uint32_t k4abt_frame_get_body_id(frame *self, uint32_t body) {
  (void)self;
  return body < (uint32_t)stub_bodies ? 7 + 4 * body : 0xFFFFFFFFu;
}

/* A body that stands 2 m + 0.5 m · body away, facing the camera, in the order of k4abt_joint_id_t: x right, y down, mm. */
static const float BODY[JOINTS][3] = {
  {0, 0, 0}, {0, -180, 0}, {0, -320, 0}, {0, -530, 0},
  {40, -490, 0}, {170, -470, 10}, {190, -210, 20}, {200, 20, 0}, {200, 100, -10}, {200, 180, -20}, {180, 110, -40},
  {-40, -490, 0}, {-170, -470, 10}, {-190, -210, 20}, {-200, 20, 0}, {-200, 100, -10}, {-200, 180, -20}, {-180, 110, -40},
  {90, 0, 0}, {100, 410, 10}, {100, 800, 20}, {110, 850, -130},
  {-90, 0, 0}, {-100, 410, 10}, {-100, 800, 20}, {-110, 850, -130},
  {0, -600, 0}, {0, -630, -100}, {30, -660, -80}, {70, -640, 0}, {-30, -660, -80}, {-70, -640, 0},
};

API int k4abt_frame_get_body_skeleton(frame *self, uint32_t body, skeleton *out) {
  if (body >= (uint32_t)stub_bodies) return FAILED;
  for (int i = 0; i < JOINTS; i++) {
    joint *to = &out->joints[i];
    memset(to, 0, sizeof *to);
    to->position.x = BODY[i][0] + 1000.0f * body;
    to->position.y = BODY[i][1];
    to->position.z = BODY[i][2] + 2000.0f + 500.0f * body + (float)self->number;
    to->orientation.w = 1.0f;
    to->confidence = i == 21 && body == 0 ? 0 : i == 10 ? 1 : i == 0 ? 3 : 2; /* the first left foot out of range, left thumbs guessed */
  }
  return SUCCEEDED;
}
