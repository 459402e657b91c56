/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SOAPY_VIRTUAL_AIR_H
#define QW_TESTS_SOAPY_VIRTUAL_AIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A simulated channel between two software radios, sample by sample, in virtual time: an end's
 * clock runs by what it reads. The same three paths in both directions, noise at each end, and an
 * oscillator of the second end that is off. What an end sends it does not hear, unless it is a
 * loop: then there is only end 0, which hears itself over the channel. Samples are pairs of floats,
 * re and im. */
struct virtual_air_config {
    double rate_hz;
    double noise;     /* deviation of each part of a sample */
    double offset_hz; /* of end 1 over end 0 */
    bool is_loop;
    uint64_t seed;
};

struct virtual_air;

struct virtual_air *virtual_air_new(const struct virtual_air_config *config); /* NULL: no memory */
void virtual_air_free(struct virtual_air *air);

int64_t virtual_air_time_ns(const struct virtual_air *air, int end); /* of its next sample */
void virtual_air_read(struct virtual_air *air, int end, float *sample, size_t count);
/* Nobody hears the next samples of this end. */
void virtual_air_skip(struct virtual_air *air, int end, size_t count);

/* At time_ns, or at once behind what end sent last when has_time is false. False: too late for its
 * listener, or no memory; nothing is sent. */
bool virtual_air_send(struct virtual_air *air, int end, bool has_time, int64_t time_ns,
                      const float *sample, size_t count);

#ifdef __cplusplus
}
#endif

#endif
