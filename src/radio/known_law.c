/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/known_law.h"

#include <math.h>

enum { ORDER_STEPS = 64 }; /* of 1 + k / 64 */

/* How far the bits of a number follow its value: at 1 they are its likelihood; the more of it is
 * known, the less the value says about what is not. */
static double slope(const struct qw_known_number *number, double order)
{
    return number->left / (1.0 + (order - 1.0) * (1.0 - number->left));
}

double qw_known_law_entropy_bits(const struct qw_known_number *number)
{
    return 0.5 * log2(2.0 * M_PI * M_E * number->left * number->variance) - log2(number->width);
}

double qw_known_law_bits(const struct qw_known_number *number, double order, double value)
{
    return qw_known_law_entropy_bits(number) +
           0.5 * M_LOG2E * slope(number, order) * (value * value / number->variance - 1.0);
}

static double loss_of(const struct qw_known_number *number, double order)
{
    double above = order - 1.0;

    return 0.5 * M_LOG2E * (1.0 - slope(number, order)) -
           0.5 / above * log2(1.0 + above * (1.0 - number->left));
}

double qw_known_law_loss_bits(const struct qw_known_number *number, size_t count, size_t times,
                              double order, double epsilon_log2)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++) {
        sum += (double)times * loss_of(&number[i], order);
    }
    return sum - order / (order - 1.0) * epsilon_log2 - 2.0;
}

double qw_known_law_order(const struct qw_known_number *number, size_t count, size_t times,
                          double epsilon_log2)
{
    double best = 2.0;
    double least = qw_known_law_loss_bits(number, count, times, best, epsilon_log2);

    for (int k = 1; k < ORDER_STEPS; k++) {
        double order = 1.0 + (double)k / ORDER_STEPS;
        double loss = qw_known_law_loss_bits(number, count, times, order, epsilon_log2);

        if (loss < least) {
            best = order;
            least = loss;
        }
    }
    return best;
}
