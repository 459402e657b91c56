/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_ATTACK_H
#define QWAVE_LAB_LAB_ATTACK_H

/* What somebody with a signal of her own (radio/channel/injector.h) does with it. */
enum lab_attack {
    LAB_ATTACK_NONE,
    LAB_ATTACK_INJECT,               /* in every slot, by the clock */
    LAB_ATTACK_INJECT_AFTER_HEARING, /* only when she heard a pilot begin */
    LAB_ATTACK_REPEAT /* a repeater: what it hears of each pilot it amplifies and sends on */
};

/* Correlation with what the ends measure, of somebody who knows the wave and hears the channel
 * itself with this correlation: of the power 1 + power she lacks 1 - rho^2. Where the channel does
 * not move, all that moves is hers. Of the whole power: where her wave comes later than the
 * channel, single numbers are more hers than that (docs/adr/0080). */
double lab_attack_correlation(double power, double channel_correlation, double speed_m_per_s);

#endif
