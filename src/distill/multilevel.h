/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_MULTILEVEL_H
#define QW_DISTILL_MULTILEVEL_H

#include "base/error.h"
#include "distill/level_plan.h"

#include <stddef.h>
#include <stdint.h>

/* Soft reconciliation of correlated Gaussian values: multilevel coding with one binary LDPC
 * code per level, syndromes only [W3 W11].
 *
 * The sender holds n coefficients, each quantised to depth[j] bits: symbol q in 0 .. 2^depth - 1,
 * cell q covering [q, q + 1) in units of the cell width (the two outer cells reach to infinity).
 * The receiver knows for each coefficient a Gaussian belief about the sender's value, mean[j] in
 * cells (q = 0 starts at 0) and one standard deviation sigma_cells for all (cells are cut that way:
 * width = constant x conditional deviation). Level l is bit l of q, lowest first, for every
 * coefficient with depth > l; so a level is equally noisy for every coefficient and one code serves
 * them all. Levels with (almost) no information are sent outright, the next are syndrome coded, the
 * top ones cost nothing. */
enum {
    QW_MULTILEVEL_DEPTH_MAX = 14,
    QW_MULTILEVEL_COEFFICIENTS_MIN = 64,
    QW_MULTILEVEL_COEFFICIENTS_MAX = 1 << 17,
    QW_MULTILEVEL_MORE_MAX = 3,
    QW_MULTILEVEL_LEAN_MORE_MAX = 8,
    QW_MULTILEVEL_AGAIN_MAX = 12 /* further searches for what was said so far */
};

struct qw_multilevel;

/* Both ends create the same object from the same public numbers.
 *   depth        bits per coefficient, 0..QW_MULTILEVEL_DEPTH_MAX, 0: left out  [n x 1], copied
 *   sigma_cells  deviation of the receiver's belief in cells, 0.25..4; chooses the codes
 *   thrift       what the first message is made for
 * QW_ERR_ARG, QW_ERR_NOMEM. All memory is allocated here. */
qw_err qw_multilevel_new(const uint8_t *depth, size_t n, double sigma_cells,
                         enum qw_level_thrift thrift,
                         struct qw_multilevel **multilevel) QW_MUST_USE;
void qw_multilevel_free(struct qw_multilevel *multilevel); /* NULL is fine; wipes */

/* Bits that the first message will say about the symbols: what the account charges before anything
 * is sent. */
size_t qw_multilevel_leak_bits(const struct qw_multilevel *multilevel);
size_t qw_multilevel_message_len(const struct qw_multilevel *multilevel); /* [bytes] */
/* MORE messages of one block at most: QW_MULTILEVEL_MORE_MAX, or QW_MULTILEVEL_LEAN_MORE_MAX. */
unsigned qw_multilevel_more_max(const struct qw_multilevel *multilevel);
/* Bits that the next MORE message about a level would say in addition; 0 when there is none: no
 * such level, not a coded one, none left. Any level is a valid question, so a peer's may be asked.
 */
size_t qw_multilevel_more_bits(const struct qw_multilevel *multilevel, size_t level);
size_t qw_multilevel_more_len(const struct qw_multilevel *multilevel, size_t level); /* [bytes] */

/* Sender. symbol [size: n x 1]; message [qw_multilevel_message_len bytes]. */
void qw_multilevel_encode(struct qw_multilevel *multilevel, const uint16_t *symbol,
                          uint8_t *message);
/* Sender: further parities of a level, as the receiver wants; message [qw_multilevel_more_len
 * bytes]. QW_ERR_EXHAUSTED: there are none. */
qw_err qw_multilevel_encode_more(struct qw_multilevel *multilevel, size_t level,
                                 const uint16_t *symbol, uint8_t *message) QW_MUST_USE;

/* Receiver. mean [size: n x 1, cells]; symbol [size: n x 1] untouched unless QW_OK. QW_ERR_FORMAT:
 * wrong length; QW_ERR_EXHAUSTED: not decodable with what was said so far (ask for MORE, or give
 * up), or a MORE beyond the last; QW_ERR_STATE: MORE before a first message. A QW_OK can be a wrong
 * word: always verify; MORE may still be asked for then. */
qw_err qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                            const uint8_t *message, size_t len, uint16_t *symbol) QW_MUST_USE;
/* After a QW_OK that verification refuted: a word with the same parities, from beliefs that were
 * shaken a little; often the right one, possibly the same again. symbol untouched unless QW_OK.
 * QW_ERR_EXHAUSTED: no more, after QW_MULTILEVEL_AGAIN_MAX searches since the last message;
 * QW_ERR_STATE: the last message left a level undecoded. Nothing is said for it. */
qw_err qw_multilevel_decode_again(struct qw_multilevel *multilevel, const float *mean,
                                  uint16_t *symbol) QW_MUST_USE;
/* The level about which MORE would help most, after a decode that did not give the right word;
 * QW_MULTILEVEL_DEPTH_MAX: none, give up. */
size_t qw_multilevel_wanted(const struct qw_multilevel *multilevel);
/* mean as before. level is the one that was asked for. */
qw_err qw_multilevel_decode_more(struct qw_multilevel *multilevel, size_t level, const float *mean,
                                 const uint8_t *message, size_t len, uint16_t *symbol) QW_MUST_USE;

#endif
