/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SOAPY_SHARED_AIR_H
#define QW_TESTS_SOAPY_SHARED_AIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A simulated channel between the radios of two processes, sample by sample, over one file that
 * both map. End 0 stands still, end 1 moves through waves from all around (Clarke), end 2 walks
 * beside end 1 and hears end 0: an eavesdropper. Time is virtual: an end's clock runs by what it
 * reads, and it reads at most `ahead_s` further than the other end, so that the two processes need
 * not be quick. An end whose partner has not entered, has left or was killed goes on alone, slowly.
 * The clock never goes back, also when the processes are others: no fading is heard twice. Samples
 * are pairs of floats, re and im. */
enum { SHARED_AIR_PIECE = 512 /* samples of one send at most */ };

struct shared_air_config {
    double rate_hz;
    double noise;      /* deviation of each part of a sample */
    double offset_hz;  /* oscillator of this end */
    double doppler_hz; /* 0: nothing moves */
    double ripple;     /* of this end's receiver: an echo of its own with this amplitude */
    double distance;   /* of end 2 from end 1, in wavelengths */
    uint64_t seed;     /* of the waves, the same at all ends */
};

struct shared_air;

struct shared_air *shared_air_open(const char *path, int end,
                                   const struct shared_air_config *config); /* NULL: cannot */
void shared_air_close(struct shared_air *air);                              /* NULL is fine */

int64_t shared_air_time_ns(const struct shared_air *air); /* of the next sample */
/* At most count, waiting at most timeout_us for the other end; 0: none. */
size_t shared_air_read(struct shared_air *air, float *sample, size_t count, long timeout_us);
/* As virtual_air_send; count <= SHARED_AIR_PIECE. */
bool shared_air_send(struct shared_air *air, bool has_time, int64_t time_ns, const float *sample,
                     size_t count);

#ifdef __cplusplus
}
#endif

#endif
