"""What features give to whoever builds on them: learnt on tiny images by tiny networks."""
