/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/leftover.h"

#include <math.h>

/* Upper limit of ln E[(T / measured)^power], T being the sum of the squares that the estimate is
 * made of: of variance scale in the secret numbers, 1 in the others. For every lambda > 0
 * T^power <= (power / (e lambda))^power exp(lambda T), and the best one is taken. */
static double power_moment_ln(const struct qw_leftover *m, double power, double scale)
{
    double secret = m->secret_numbers;
    double open = m->measured_numbers - secret;
    /* Where the derivative is 0: of two roots the one below 1/2. */
    double square = 2.0 * scale * (2.0 * power + m->measured_numbers);
    double linear = 2.0 * power * (1.0 + scale) + secret * scale + open;
    double root = sqrt(fmax(linear * linear - 4.0 * square * power, 0.0));
    double lambda = 2.0 * power / (linear + root);
    double open_ln = open > 0.0 ? -0.5 * open * log1p(-2.0 * lambda) : 0.0;

    return power * log(power / (lambda * m->measured_numbers)) - power -
           0.5 * secret * log1p(-2.0 * lambda * scale) + open_ln;
}

static double loss_at(const struct qw_leftover *m, double order)
{
    double above = order - 1.0;
    double known = m->correlation * m->correlation;
    double scale = known + (1.0 - known) / order;
    double power = 0.5 * above * m->key_numbers;
    double moment_ln = power - 0.5 * m->key_numbers * log(order) + power_moment_ln(m, power, scale);

    return M_LOG2E * moment_ln / above - order / above * m->failure_log2 - 2.0;
}

double qw_leftover_loss_bits(const struct qw_leftover *leftover)
{
    double best = INFINITY;

    for (double above = 1.0; above > 1e-5; above /= 1.05) {
        best = fmin(best, loss_at(leftover, 1.0 + above));
    }
    return best;
}
