/* SPDX-License-Identifier: Apache-2.0 */
#include "source_gate.h"

static size_t available_bits(void *self)
{
    struct source_gate *gate = self;

    return atomic_load(&gate->is_shut) ? 0 : gate->inner.available_bits(gate->inner.self);
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct source_gate *gate = self;

    return atomic_load(&gate->is_shut) ? QW_ERR_CLOSED
                                       : gate->inner.take(gate->inner.self, key, len);
}

static void health(void *self, struct qw_key_source_health *out)
{
    struct source_gate *gate = self;

    gate->inner.health(gate->inner.self, out);
}

static void close_inner(void *self)
{
    struct source_gate *gate = self;

    qw_key_source_close(&gate->inner);
}

void source_gate_init(struct source_gate *gate, const struct qw_key_source *inner,
                      struct qw_key_source *source)
{
    gate->inner = *inner;
    atomic_init(&gate->is_shut, false);
    *source = *inner; /* name and claims stay those of the device */
    source->self = gate;
    source->available_bits = available_bits;
    source->take = take;
    source->close = close_inner;
    source->health = inner->health == NULL ? NULL : health;
}

void source_gate_shut(struct source_gate *gate)
{
    atomic_store(&gate->is_shut, true);
}
