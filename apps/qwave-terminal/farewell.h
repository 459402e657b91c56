/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_FAREWELL_H
#define QWAVE_TERMINAL_FAREWELL_H

#include "base/log.h"
#include "settings.h"

#include <stdatomic.h>

/* What a terminal without a card still does: brings the proof of the card's destruction to the
 * centre, again and again until that is booked or *stop. True: the file at settings->card is no
 * card any more, and the terminal has nothing left to do. */
bool farewell(const struct settings *settings, const struct qw_log *log, const atomic_bool *stop);

#endif
