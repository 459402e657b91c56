/* SPDX-License-Identifier: Apache-2.0 */
/* A module of SoapySDR for tests: a simulated radio whose transmitter is heard by its own receiver
 * over tests/soapy/virtual_air.h. In C++ since that is how modules register; nothing of it is
 * installed. Arguments of the device:
 *   driver=qwave-test  noise=DEVIATION  no_clock=1  no_transmitter=1
 *   refuse=rate|frequency|antenna|gain|stream  what is refused
 *   fault=overrun|corrupt|stream|jump|wild     what goes wrong, each every-th read; every=N
 * or one of two radios, or an eavesdropper, of two processes over tests/soapy/shared_air.h:
 *   air=FILE  end=0|1|2  doppler=HZ  ripple=AMPLITUDE  offset=HZ  distance=WAVELENGTHS  seed=N */
#include "soapy/shared_air.h"
#include "soapy/virtual_air.h"

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Registry.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace
{
constexpr size_t PACKET = 1000; /* samples of one read at most, no divisor of anything */
constexpr long long JUMP_NS = 5000000000LL;

std::string text_of(const SoapySDR::Kwargs &args, const char *key)
{
    const auto found = args.find(key);

    return found == args.end() ? "" : found->second;
}

double number_of(const SoapySDR::Kwargs &args, const char *key, const double standard)
{
    const std::string text = text_of(args, key);

    return text.empty() ? standard : std::stod(text);
}

class SimulatedRadio : public SoapySDR::Device
{
  public:
    explicit SimulatedRadio(const SoapySDR::Kwargs &args)
        : refuse(text_of(args, "refuse")), fault(text_of(args, "fault")),
          every(text_of(args, "every").empty() ? 50 : std::stoul(text_of(args, "every"))),
          noise(number_of(args, "noise", 0.001)), arguments(args),
          has_clock(text_of(args, "no_clock").empty()),
          has_transmitter(text_of(args, "no_transmitter").empty())
    {
    }

    ~SimulatedRadio() override
    {
        virtual_air_free(air);
        shared_air_close(shared);
    }

    SimulatedRadio(const SimulatedRadio &) = delete;
    SimulatedRadio &operator=(const SimulatedRadio &) = delete;

    std::string getDriverKey() const override
    {
        return "qwave-test";
    }

    size_t getNumChannels(const int direction) const override
    {
        return direction == SOAPY_SDR_RX || has_transmitter ? 1 : 0;
    }

    bool hasHardwareTime(const std::string &) const override
    {
        return has_clock;
    }

    void setSampleRate(const int, const size_t, const double rate) override
    {
        check("rate");
        rate_hz = rate;
    }

    double getSampleRate(const int, const size_t) const override
    {
        return rate_hz;
    }

    void setFrequency(const int, const size_t, const double, const SoapySDR::Kwargs &) override
    {
        check("frequency");
    }

    void setAntenna(const int, const size_t, const std::string &name) override
    {
        check("antenna");
        if (name != "A") {
            throw std::runtime_error("there is antenna A only");
        }
    }

    void setGain(const int, const size_t, const double) override
    {
        check("gain");
    }

    SoapySDR::Stream *setupStream(const int direction, const std::string &format,
                                  const std::vector<size_t> &, const SoapySDR::Kwargs &) override
    {
        check("stream");
        if (format != "CF32") {
            throw std::runtime_error("CF32 only");
        }
        if (!text_of(arguments, "air").empty()) {
            enter_shared();
        } else if (air == nullptr) {
            const virtual_air_config config = { rate_hz, noise, 0.0, true, 1 };

            air = virtual_air_new(&config);
        }
        return reinterpret_cast<SoapySDR::Stream *>(direction == SOAPY_SDR_RX ? &receiver
                                                                              : &transmitter);
    }

    void closeStream(SoapySDR::Stream *) override
    {
    }

    int activateStream(SoapySDR::Stream *, const int, const long long, const size_t) override
    {
        return 0;
    }

    int deactivateStream(SoapySDR::Stream *, const int, const long long) override
    {
        return 0;
    }

    int readStream(SoapySDR::Stream *, void *const *buffers, const size_t count, int &flags,
                   long long &time_ns, const long timeout_us) override
    {
        const bool is_wrong = ++reads % every == 0;
        float *const sample = static_cast<float *>(buffers[0]);
        const long long first_ns = shared != nullptr ? shared_air_time_ns(shared)
                                                     : virtual_air_time_ns(air, 0);
        const size_t most = count < PACKET ? count : PACKET;
        const size_t got =
            shared != nullptr ? shared_air_read(shared, sample, most, timeout_us) : most;

        if (got == 0) {
            return SOAPY_SDR_TIMEOUT;
        }

        if (is_wrong && fault == "stream") {
            return SOAPY_SDR_STREAM_ERROR;
        }
        if (is_wrong && (fault == "overrun" || fault == "corrupt")) {
            if (shared == nullptr) {
                virtual_air_skip(air, 0, got);
            }
            return fault == "overrun" ? SOAPY_SDR_OVERFLOW : SOAPY_SDR_CORRUPTION;
        }
        shift_ns += is_wrong && fault == "jump" ? JUMP_NS : 0;
        flags = has_clock ? SOAPY_SDR_HAS_TIME : 0;
        time_ns = first_ns + shift_ns;
        if (shared == nullptr) {
            virtual_air_read(air, 0, sample, got);
        }
        if (is_wrong && fault == "wild") {
            sample[0] = NAN;
            sample[1] = INFINITY;
            sample[2] = 1e30f;
        }
        return static_cast<int>(got);
    }

    int writeStream(SoapySDR::Stream *, const void *const *buffers, const size_t count, int &flags,
                    const long long time_ns, const long) override
    {
        const bool has_time = (flags & SOAPY_SDR_HAS_TIME) != 0;
        const size_t took = count < PACKET / 4 ? count : PACKET / 4; /* in pieces, as drivers do */

        const float *const sample = static_cast<const float *>(buffers[0]);
        const bool is_sent =
            shared != nullptr
                ? shared_air_send(shared, has_time, time_ns - shift_ns, sample, took)
                : virtual_air_send(air, 0, has_time, time_ns - shift_ns, sample, took);

        return is_sent ? static_cast<int>(took) : SOAPY_SDR_TIME_ERROR;
    }

  private:
    void enter_shared()
    {
        const shared_air_config config = { rate_hz,
                                           noise,
                                           number_of(arguments, "offset", 0.0),
                                           number_of(arguments, "doppler", 0.0),
                                           number_of(arguments, "ripple", 0.0),
                                           number_of(arguments, "distance", 0.0),
                                           static_cast<uint64_t>(number_of(arguments, "seed", 1)) };

        if (shared == nullptr) {
            shared = shared_air_open(text_of(arguments, "air").c_str(),
                                     static_cast<int>(number_of(arguments, "end", 0)), &config);
        }
        if (shared == nullptr) {
            throw std::runtime_error("there is no such air");
        }
    }

    void check(const char *what) const
    {
        if (refuse == what) {
            throw std::runtime_error("the test refuses it");
        }
    }

    const std::string refuse, fault;
    const unsigned long every;
    const double noise;
    const SoapySDR::Kwargs arguments;
    const bool has_clock, has_transmitter;
    double rate_hz = 1e6;
    unsigned long reads = 0;
    long long shift_ns = 0;
    virtual_air *air = nullptr;
    shared_air *shared = nullptr;
    char receiver = 'r', transmitter = 't'; /* addresses stand for streams */
};

SoapySDR::KwargsList find(const SoapySDR::Kwargs &args)
{
    return text_of(args, "driver") == "qwave-test" ? SoapySDR::KwargsList{ args }
                                                   : SoapySDR::KwargsList{};
}

SoapySDR::Device *make(const SoapySDR::Kwargs &args)
{
    return new SimulatedRadio(args);
}

const SoapySDR::Registry registered("qwave-test", &find, &make, SOAPY_SDR_ABI_VERSION);
} // namespace
