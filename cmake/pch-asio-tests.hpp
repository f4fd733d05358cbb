#include "pch-asio.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
