/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_PRESET_H
#define QW_QKD_LINK_PRESET_H

#include "qkd/link_model.h"

/* Links of the literature by name, with the method and the block that their published rates are
 * for. */
struct qw_link_preset {
    const char *name;
    const char *text; /* one line for a user */
    struct qw_link_model model;
    const struct qw_finite_key_method *method;
    enum qw_block_kind block_kind;
    double block_size;
};

size_t qw_link_preset_count(void);
const struct qw_link_preset *qw_link_preset_at(size_t index);       /* index < count */
const struct qw_link_preset *qw_link_preset_find(const char *name); /* NULL: none of that name */

#endif
