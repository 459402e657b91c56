/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_DEMO_TAP_H
#define QWAVE_DEMO_TAP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The eavesdropper's ear on the public wire: passes the messages of one connection at a time
 * between a terminal and its access point, unchanged, and hands each to hear(). */
struct tap;

qw_err tap_new(uint16_t target_port,
               void (*hear)(void *self, bool from_terminal, const uint8_t *message, size_t len),
               void *self, struct tap **tap, uint16_t *port) QW_MUST_USE;
void tap_free(struct tap *tap); /* NULL is fine */

#endif
