// Every kernel: what is compiled for a device.
#pragma once

#include "kernels/from_counts.cuh"
#include "kernels/from_strings.cuh"
#include "kernels/measure.cuh"
#include "kernels/scan.cuh"
#include "kernels/strings.cuh"
