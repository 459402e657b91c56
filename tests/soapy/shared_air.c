/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "soapy/shared_air.h"

#include "base/prng.h"

#include <complex.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    ENDS = 3,
    PIECES = 64,
    PATHS = 12,
    WAVES = 16,
    WAIT_US = 30,
    ALONE_US = 300000 /* a piece's time of the computer, alone */
};

static const double AHEAD_S = 1e-3;
static const double DECAY = 3.0; /* samples, of the paths' power */

struct piece {
    atomic_llong first; /* sample of the common count; -1: none */
    size_t count;
    float sample[2 * SHARED_AIR_PIECE];
};

struct shared_end {
    atomic_llong position; /* samples read so far */
    atomic_uint newest;    /* the piece that is written next */
    struct piece piece[PIECES];
};

struct shared {
    struct shared_end end[ENDS];
};

struct wave {
    double doppler, across, phase, amplitude;
};

struct shared_air {
    struct shared_air_config config;
    int end;
    int fd; /* holds the byte of the file that says that this end is there */
    struct shared *shared;
    struct wave wave[PATHS][WAVES];
    struct qw_prng prng;
    int64_t sent_until;
    int64_t moved_us;     /* when this end last went on, of the computer */
    float complex before; /* the sample before, for the ripple */
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void draw_waves(struct shared_air *air)
{
    struct qw_prng prng;
    double power = 0.0;

    qw_prng_init(&prng, air->config.seed, 1);
    for (size_t p = 0; p < PATHS; p++) {
        power += exp(-(double)p / DECAY);
    }
    for (size_t p = 0; p < PATHS; p++) {
        for (size_t w = 0; w < WAVES; w++) {
            double angle = 2.0 * M_PI * qw_prng_uniform(&prng);

            air->wave[p][w] = (struct wave){
                .doppler = cos(angle),
                .across = sin(angle),
                .phase = 2.0 * M_PI * qw_prng_uniform(&prng),
                .amplitude = sqrt(exp(-(double)p / DECAY) / power / WAVES),
            };
        }
    }
}

/* A lock of the open file on the byte of this number: the kernel gives it back when the process
 * ends, however it ends. */
static struct flock presence(short type, int end)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = end, .l_len = 1 };
}

static struct shared *map(int fd, int end)
{
    struct flock there = presence(F_RDLCK, end);
    void *shared;

    if (fd < 0 || ftruncate(fd, sizeof(struct shared)) != 0 ||
        fcntl(fd, F_OFD_SETLK, &there) != 0) {
        return NULL;
    }
    shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return shared == MAP_FAILED ? NULL : shared;
}

static bool is_there(const struct shared_air *air, int end)
{
    struct flock there = presence(F_WRLCK, end);

    return fcntl(air->fd, F_OFD_GETLK, &there) == 0 && there.l_type != F_UNLCK;
}

/* A file of zeros has no pieces: those of no samples. */
struct shared_air *shared_air_open(const char *path, int end,
                                   const struct shared_air_config *config)
{
    struct shared_air *air = calloc(1, sizeof *air);
    long long position = 0;

    if (air == NULL || end < 0 || end >= ENDS) {
        free(air);
        return NULL;
    }
    air->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    air->shared = map(air->fd, end);
    if (air->shared == NULL) {
        shared_air_close(air);
        return NULL;
    }
    air->config = *config;
    air->end = end;
    draw_waves(air);
    for (int e = 0; e < ENDS; e++) {
        long long there = atomic_load(&air->shared->end[e].position);

        position = there > position ? there : position;
    }
    atomic_store(&air->shared->end[end].position, position);
    qw_prng_init(&air->prng, config->seed, 2 + (uint64_t)end + 16 * (uint64_t)position);
    air->moved_us = now_us();
    return air;
}

void shared_air_close(struct shared_air *air)
{
    if (air == NULL) {
        return;
    }
    if (air->shared != NULL) {
        munmap(air->shared, sizeof *air->shared);
    }
    if (air->fd >= 0) {
        close(air->fd);
    }
    free(air);
}

static int64_t time_of(const struct shared_air *air, long long position)
{
    return (int64_t)llround(1e9 * (double)position / air->config.rate_hz);
}

int64_t shared_air_time_ns(const struct shared_air *air)
{
    return time_of(air, atomic_load(&air->shared->end[air->end].position));
}

/* The channel at this sample, the same from both sides. */
static void paths_at(const struct shared_air *air, long long position, float complex *path)
{
    double turns = air->config.doppler_hz * (double)position / air->config.rate_hz;
    double beside = air->end == 2 ? air->config.distance : 0.0;

    for (size_t p = 0; p < PATHS; p++) {
        double complex sum = 0.0;

        for (size_t w = 0; w < WAVES; w++) {
            const struct wave *wave = &air->wave[p][w];

            sum += wave->amplitude *
                   cexp(I * (wave->phase +
                             2.0 * M_PI * (turns * wave->doppler + beside * wave->across)));
        }
        path[p] = (float complex)sum;
    }
}

/* Adds what of a piece reaches into the samples from position on. */
static void add_piece(const struct shared_air *air, const struct piece *piece, long long position,
                      float complex *sum, size_t count)
{
    long long first = atomic_load(&piece->first);
    float complex path[PATHS];

    if (piece->count == 0 || first >= position + (long long)count ||
        first + (long long)(piece->count + PATHS) <= position) {
        return;
    }
    paths_at(air, first, path);
    for (size_t i = 0; i < piece->count; i++) {
        for (size_t p = 0; p < PATHS; p++) {
            long long at = first + (long long)(i + p) - position;

            if (at >= 0 && at < (long long)count) {
                sum[at] += path[p] * (piece->sample[2 * i] + I * piece->sample[2 * i + 1]);
            }
        }
    }
}

/* Near enough to a Gaussian for one sample of hundreds that are summed, and quick: the sum of four
 * uniform numbers, each of variance 1/12. */
static double noise_of(struct shared_air *air)
{
    uint64_t random = qw_prng_u64(&air->prng);
    double sum = -4.0 * 32767.5;

    for (int part = 0; part < 4; part++) {
        sum += (double)(random >> 16 * part & 0xffff);
    }
    return sqrt(3.0) * sum / 65536.0 * air->config.noise;
}

static void hear(struct shared_air *air, long long position, float *sample, size_t count)
{
    const struct shared_end *sender = &air->shared->end[air->end == 0 ? 1 : 0];
    double angle = 2.0 * M_PI * air->config.offset_hz / air->config.rate_hz;
    double complex turn = cexp(I * fmod(angle * (double)position, 2.0 * M_PI));
    double complex step = cexp(I * angle);
    float complex sum[SHARED_AIR_PIECE] = { 0 };

    for (size_t b = 0; b < PIECES; b++) {
        add_piece(air, &sender->piece[b], position, sum, count);
    }
    for (size_t i = 0; i < count; i++) {
        float complex here = sum[i] + (float)air->config.ripple * air->before;
        double complex turned = here * turn;

        air->before = sum[i];
        turn *= step;
        sample[2 * i] = (float)(creal(turned) + noise_of(air));
        sample[2 * i + 1] = (float)(cimag(turned) + noise_of(air));
    }
}

/* Up to where this end may read. */
static long long horizon(const struct shared_air *air)
{
    long long here = atomic_load(&air->shared->end[air->end].position);
    int other = air->end == 1 ? 0 : 1;
    long long there = atomic_load(&air->shared->end[other].position);

    if (air->end == 2) { /* behind both: what they send is known by then */
        long long first = atomic_load(&air->shared->end[0].position);

        return first < there ? first : there;
    }
    there += llround(AHEAD_S * air->config.rate_hz);
    if (there <= here && now_us() - air->moved_us > ALONE_US && !is_there(air, other)) {
        there = here + SHARED_AIR_PIECE;
    }
    return there;
}

size_t shared_air_read(struct shared_air *air, float *sample, size_t count, long timeout_us)
{
    struct shared_end *end = &air->shared->end[air->end];
    long long here = atomic_load(&end->position);
    int64_t until_us = now_us() + timeout_us;
    long long left;

    while ((left = horizon(air) - here) <= 0) {
        if (now_us() >= until_us) {
            return 0;
        }
        usleep(WAIT_US);
    }
    count = left < (long long)count ? (size_t)left : count;
    count = count < SHARED_AIR_PIECE ? count : SHARED_AIR_PIECE;
    hear(air, here, sample, count);
    atomic_store(&end->position, here + (long long)count);
    air->moved_us = now_us();
    return count;
}

bool shared_air_send(struct shared_air *air, bool has_time, int64_t time_ns, const float *sample,
                     size_t count)
{
    struct shared_end *end = &air->shared->end[air->end];
    long long listener = atomic_load(&air->shared->end[air->end == 0 ? 1 : 0].position);
    unsigned slot = atomic_load(&end->newest) % PIECES;
    struct piece *piece = &end->piece[slot];
    long long first = has_time ? llround((double)time_ns * 1e-9 * air->config.rate_hz)
                               : (long long)air->sent_until;

    if (count > SHARED_AIR_PIECE || first < listener) {
        return false;
    }
    atomic_store(&piece->first, -SHARED_AIR_PIECE * 2); /* nowhere, while it is written */
    piece->count = count;
    memcpy(piece->sample, sample, 2 * count * sizeof *sample);
    atomic_store(&piece->first, first);
    atomic_store(&end->newest, slot + 1);
    air->sent_until = first + (long long)count;
    return true;
}
