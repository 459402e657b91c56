/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SVG_TEXT_H
#define QWAVE_SVG_TEXT_H

#include <stdio.h>

/* A text element at x, y pixels, with further attributes; what SVG would take for marks is escaped,
 * control characters become spaces. */
void svg_label(FILE *stream, double x, double y, const char *attributes, const char *text);

#endif
