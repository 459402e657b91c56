/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/lab_attack.h"

#include <math.h>

double lab_attack_correlation(double power, double channel_correlation, double speed_m_per_s)
{
    double unknown = speed_m_per_s > 0.0 ? 1.0 - channel_correlation * channel_correlation : 0.0;

    return sqrt(1.0 - unknown / (1.0 + power));
}
