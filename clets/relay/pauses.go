package relay

import "time"

// ScaledPauses are the policy's pauses times a factor; below 1 only where the switch is a simulator.
func ScaledPauses(factor float64) []time.Duration { return scaled(pauses, factor) }

// ScaledRedial are the pauses before a line is dialled again, times a factor.
func ScaledRedial(factor float64) []time.Duration { return scaled(redial, factor) }

func scaled(steps []time.Duration, factor float64) []time.Duration {
	out := make([]time.Duration, len(steps))
	for i, d := range steps {
		out[i] = max(time.Duration(float64(d)*factor), time.Millisecond)
	}
	return out
}
