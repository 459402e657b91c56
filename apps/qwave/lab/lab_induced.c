/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_induced.h"

#include "base/prng.h"
#include "command.h"

#include <complex.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { PROBES = 20000 };

static const double EVE_SNR_DB = 40.0;

/* Second moments of what three parties hold of each probe. */
struct products {
    double x, y, z;
    double complex xy, xz, yz;
};

static double power(double complex value)
{
    return creal(value * conj(value));
}

static void add(struct products *p, double complex x, double complex y, double complex z)
{
    p->x += power(x);
    p->y += power(y);
    p->z += power(z);
    p->xy += x * conj(y);
    p->xz += x * conj(z);
    p->yz += y * conj(z);
}

static double complex gaussian(struct qw_prng *prng, double variance)
{
    double complex value = qw_prng_gaussian(prng) + I * qw_prng_gaussian(prng);

    return sqrt(0.5 * variance) * value;
}

/* Never so faded that nobody hears anything. */
static double complex draw_channel(struct qw_prng *prng)
{
    double angle = 2.0 * M_PI * qw_prng_uniform(prng);

    return (0.7 + 0.6 * qw_prng_uniform(prng)) * cexp(I * angle);
}

static double bits_of(double x, double y, double complex xy)
{
    return -log2(1.0 - fmin(power(xy) / (x * y), 1.0 - 1e-12));
}

struct lab_induced_result lab_induced_run(uint64_t seed, double snr_db, uint32_t probes)
{
    double noise = pow(10.0, -snr_db / 10.0);
    double eve_noise = pow(10.0, -EVE_SNR_DB / 10.0);
    struct products sum = { 0 };
    struct qw_prng prng;
    double complex link;
    double complex from_ap;
    double complex from_te;

    qw_prng_init(&prng, seed, 0x1d);
    link = draw_channel(&prng);
    from_ap = draw_channel(&prng);
    from_te = draw_channel(&prng);
    for (uint32_t i = 0; i < probes; i++) {
        double complex ap = gaussian(&prng, 1.0);
        double complex te = gaussian(&prng, 1.0);
        double complex x = ap * (link * te + gaussian(&prng, noise));
        double complex y = te * (link * ap + gaussian(&prng, noise));
        double complex z = (from_ap * ap + gaussian(&prng, eve_noise)) *
                           (from_te * te + gaussian(&prng, eve_noise));

        add(&sum, x, y, z);
    }
    return (struct lab_induced_result){
        .agreed_bits_per_probe = bits_of(sum.x, sum.y, sum.xy),
        .left_bits_per_probe = bits_of(sum.x - power(sum.xz) / sum.z, sum.y - power(sum.yz) / sum.z,
                                       sum.xy - sum.xz * conj(sum.yz) / sum.z),
    };
}

int lab_induced_main(uint64_t seed, double snr_db, int as_json)
{
    struct lab_induced_result result = lab_induced_run(seed, snr_db, PROBES);

    if (as_json) {
        printf("{\"simulated\":true,\"seed\":%" PRIu64 ",\"experiment\":\"random-pilots\","
               "\"snr_db\":%g,\"probes\":%d,\"agreed_bits_per_probe\":%.4f,"
               "\"left_bits_per_probe\":%.4f,\"credited_bits\":0}\n",
               seed, snr_db, PROBES, result.agreed_bits_per_probe, result.left_bits_per_probe);
    } else {
        printf(
            "experiment: secret random pilots over a channel at rest, %d probes at %g dB\n"
            "  the two ends agree on      %8.4f bits per probe\n"
            "  a listener leaves of it    %8.4f bits per probe, at 40 dB; better ears leave "
            "less\n"
            "  credited                     0 bits: nothing secret moves, and no session is run\n",
            PROBES, snr_db, result.agreed_bits_per_probe, result.left_bits_per_probe);
    }
    return EXIT_REFUSED;
}
