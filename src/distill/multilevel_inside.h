/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_MULTILEVEL_INSIDE_H
#define QW_DISTILL_MULTILEVEL_INSIDE_H

#include "distill/ldpc_code.h"
#include "distill/ldpc_decoder.h"
#include "distill/multilevel.h"

#include <stdbool.h>

/* What sender and receiver share behind multilevel.h. */

/* What is known of a coded level, at one end. */
struct qw_multilevel_level {
    enum qw_level_kind kind;
    size_t bits;       /* coefficients with depth > level */
    size_t first_at;   /* bit where the level begins in the first message */
    size_t first_bits; /* that it has there */
    uint32_t step;     /* rows that a MORE cuts in two; 0: there is no MORE */
    struct qw_ldpc_code *code;
    struct qw_ldpc_decoder *decoder;
    uint32_t *row_start; /* [size: 2 x rows of the code + 1] of the code cut by MORE */
    unsigned sent;       /* MORE, as sender */
    unsigned received;   /* as receiver */
    unsigned suspected;  /* times that a later level's failure was put down to this one */
    bool is_stuck;       /* the decoder's beliefs are those of a search that failed */
    uint8_t *half;       /* [size: checks of the code], as received, one per byte; secret */
};

struct qw_multilevel {
    size_t n;
    double sigma_cells;
    enum qw_level_thrift thrift;
    uint8_t *depth; /* [size: n] */
    struct qw_multilevel_level level[QW_MULTILEVEL_DEPTH_MAX];
    size_t levels; /* of them, up to the last that is not free */
    size_t leak_bits;
    unsigned more_sent;     /* as sender, of all levels */
    unsigned more_received; /* as receiver */
    bool has_first;         /* as receiver */
    bool is_shaken;         /* coded levels are decoded from shaken beliefs */
    unsigned again;         /* words tried besides the first since the last message, as receiver */
    size_t at;              /* level to go on with, as receiver */
    /* Scratch, secret. */
    uint8_t *first;    /* [ceil(leak_bits / 8) bytes] as received */
    uint8_t *bit;      /* [size: bit_cap]: of one level, one per byte */
    uint8_t *syndrome; /* [size: 2 x bit_cap] */
    uint8_t *whole;    /* [size: bit_cap] */
    float *llr;        /* [size: bit_cap] */
    uint32_t *doubt;   /* [size: QW_LEVEL_CHECK_DOUBTS] */
    uint16_t *word;    /* [size: n]: what is decoded so far */
    size_t bit_cap;
};

/* Checks of MORE number k of a level, after of_all about any level; 0 when there is none. */
size_t qw_multilevel_bits_of_more(const struct qw_multilevel *m, size_t index, unsigned of_all,
                                  unsigned k);

#endif
