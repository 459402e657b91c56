/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_DISTANCES_H
#define QWAVE_LAB_DISTANCES_H

#include <stdbool.h>
#include <stddef.h>

/* Distances of an evaluation: "50", "0,50,100" or "0:100:10" (both ends belong to it), each 0 to
 * 2000 km. */
enum { DISTANCES_MAX = 1024 };
struct distances {
    size_t count;
    double km[DISTANCES_MAX];
};

/* False when the text is none of these or there are more than DISTANCES_MAX; *out is then
 * untouched. */
bool distances_parse(const char *text, struct distances *out);

#endif
