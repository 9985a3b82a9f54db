// Every kernel: what is compiled for a device.
#pragma once

#include "kernels/measure.cuh"
#include "kernels/scan.cuh"
